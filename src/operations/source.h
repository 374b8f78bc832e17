// source: the sources that a repository has, and following one whose database was moved.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct SourceListRequest {
    RepositoryRequest repository;
    static OperationText operation() {
        return {.name = "source list",
                .sentence = "The sources that the repository has backups of, and where their databases lie.",
                .examples = {{"holdfast source list", "names, ids, databases"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        repository.describe(visit);
    }
};
struct ListedSource {
    std::string name, id;
    std::vector<std::string> paths, missing, paths_before;
    bool is_of_this_machine = true, is_in_settings = false;
    std::uint64_t backups = 0, last_number = 0;
    Timestamp last_time;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "Name.");
        visit("id", id, "Id.");
        visit("paths", paths, "Its databases.");
        visit("missing", missing, "Those that are not there now: lost, or moved (holdfast source move).");
        visit("paths_before", paths_before, "Where older backups of it had databases.");
        visit("is_of_this_machine", is_of_this_machine, "Its newest backup was made on this machine.");
        visit("is_in_settings", is_in_settings, "The settings have a source of this name.");
        visit("backups", backups, "How many backups.");
        visit("last_number", last_number, "The newest.");
        visit("last_time", last_time, "The moment it holds.");
    }
};
struct SourceListReport {
    std::string repository;
    std::vector<ListedSource> sources;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "The repository.");
        visit("sources", sources, "Each source, the one used last first.");
    }
};
Result<SourceListReport> list_sources(Context& context, const SourceListRequest& request);

struct SourceMoveRequest {
    RepositoryRequest repository;
    std::string from, to;
    bool copied = false, dry_run = false;
    std::uint64_t wait_s = 10;
    static OperationText operation() {
        return {.name = "source move",
                .sentence = "A database lies somewhere else now: go on with its backups there.",
                .details = "Makes a backup of the database at its new place, as the next one of the same source: retention counts all of them together, --source "
                           "finds them by the source's name or id, only what has changed is stored, and older backups are restored in place to where the database lies "
                           "now. The files themselves are not touched. Settings that name the old place are told with their line; they are not changed.",
                .examples = {{"holdfast source move data/app.db /srv/app/app.db", ""}, {"holdfast source move app /srv/app/app.db --dry-run", "by the source's name; say what it would do"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(from, {.name = "old", .sentence = "Where the database was, or the name or id of its source.", .value = "OLD", .positional = true, .required = true});
        visit(to, {.name = "new", .sentence = "Where it is.", .value = "NEW", .positional = true, .required = true});
        visit(copied, {.name = "copied", .sentence = "The old file is still there; from now on the new one is the one that is meant."});
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be done; change nothing.", .letter = 'n'});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for a database that another program has locked.", .value = "SECONDS"});
        repository.describe(visit);
    }
};
struct SourceMoveReport {
    std::string source, id, from, to, repository;
    std::uint64_t number = 0, backups = 0, bytes_stored = 0;
    bool dry_run = false, damaged = false;
    std::vector<std::string> paths, settings, warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source.");
        visit("id", id, "Its id, which stays.");
        visit("from", from, "Where its database was.");
        visit("to", to, "Where it is.");
        visit("paths", paths, "All databases of the source from now on.");
        visit("repository", repository, "The repository.");
        visit("backups", backups, "Backups that the source had before.");
        visit("number", number, "The backup made at the new place; 0: a dry run.");
        visit("bytes_stored", bytes_stored, "What it has added to the repository.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("damaged", damaged, "SQLite finds the database at the new place damaged; it is kept as evidence: exit code 3.");
        visit("settings", settings, "Settings that still name the old place, and what to write there.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<SourceMoveReport> move_source(Context& context, const SourceMoveRequest& request);

}  // namespace holdfast::operations
