// Every source of the settings backed up, each by itself.
#pragma once

#include "holdfast/operations/backup.h"

namespace holdfast::operations {

struct SourceBackup {
    std::string source, error, advice, error_code;
    int exit_code = 0;
    std::optional<BackupReport> backup;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source's name.");
        visit("backup", backup, "Its backup; null: it failed.");
        visit("error", error, "Why it failed.");
        visit("error_code", error_code, "The code of the error.");
        visit("advice", advice, "What to do about it.");
        visit("exit_code", exit_code, "What its backup alone would have ended with.");
    }
};
struct SourcesBackupReport {
    std::string settings, environment;
    std::vector<SourceBackup> sources;
    std::uint64_t failed = 0;
    int exit_code = 0;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("settings", settings, "The settings that name the sources.");
        visit("environment", environment, "The environment chosen.");
        visit("sources", sources, "Each source.");
        visit("failed", failed, "How many failed.");
        visit("exit_code", exit_code, "The worst of theirs.");
        visit("duration_ms", duration_ms, "How long it took.");
    }
};
// Whether that is meant: no database is named, and there are settings with sources (with --source: that one).
Result<bool> means_every_source(Context& context, const BackupRequest& request);

// Each source by backup(), in the order of their names; one that fails does not stop the others, but being stopped does.
Result<SourcesBackupReport> backup_sources(Context& context, const BackupRequest& request);

}  // namespace holdfast::operations
