// doctor: databases, the machine, settings and repository looked at for what does harm, each finding with its remedy.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/finding.h"

namespace holdfast::operations {

struct DoctorRequest {
    RepositoryRequest repository;
    std::vector<std::string> databases;
    std::string report;
    std::uint64_t content_bytes_max = 256ull << 20;

    static OperationText operation() {
        return {.name = "doctor",
                .sentence = "Look for what does harm to databases and their backups, and say what helps.",
                .details = "Looks at SQLite's versions, who has the databases open and with which locks, sidecar files, the WAL, file systems, rights, free "
                           "room, clock, settings, repository and schedules. It changes nothing, and works with what is there: without settings, without "
                           "a repository, with damaged ones, without special rights; what it could not look at it says. Without databases, those of the "
                           "settings, else of the backups. Exit code 13: there are warnings; 14: there are faults. --report writes a text for asking "
                           "others, with no rows, no secrets, and no names of users or machines.",
                .examples = {{"holdfast doctor", "everything that the settings name"},
                             {"holdfast doctor app.db --json", "one database, for a program"},
                             {"holdfast doctor --report report.txt", "to show to others"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.name = "database", .sentence = "The databases. Default: those of the settings, else those of the backups.", .value = "DATABASE", .positional = true});
        visit(report, {.name = "report", .sentence = "Write what was found, versions and the last commands into this new file, for asking others.", .value = "FILE"});
        repository.describe(visit);
    }
};
struct DoctorReport {
    std::vector<std::string> databases;
    std::string repository, settings, report;
    std::uint64_t faults = 0, warnings = 0;
    std::vector<Finding> findings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("databases", databases, "The databases looked at.");
        visit("repository", repository, "The repository; empty: there is none, or it cannot be opened.");
        visit("settings", settings, "The settings; empty: there are none.");
        visit("faults", faults, "How many faults: exit code 14 when there are any.");
        visit("warnings", warnings, "How many warnings: exit code 13 when there are any, and no faults.");
        visit("findings", findings, "What was seen: settings and repository, then each database.");
        visit("report", report, "The file written for others.");
    }
};
// Writes nothing but request.report, which must not exist (`exists`). Errors are about the request, or that; what is wrong
// with databases, settings and repository are findings.
Result<DoctorReport> doctor(Context& context, const DoctorRequest& request);

}  // namespace holdfast::operations
