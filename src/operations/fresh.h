// fresh: begins anew with an empty database that the source's init command makes; what was there is kept.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/hooks.h"

namespace holdfast::operations {

struct FreshRequest {
    RepositoryRequest repository;
    std::string source, cause;
    bool yes = false, dry_run = false, offline = false, no_safety_backup = false;
    std::uint64_t limit_s = 3600, wait_s = 10;

    static OperationText operation() {
        return {.name = "fresh",
                .sentence = "Start with a fresh database, made by the init command of the settings.",
                .details = "A safety backup is made, the old files are moved aside and kept, and init runs in the settings' folder with the database's path in "
                           "$HOLDFAST_DATABASE (several: one a line in $HOLDFAST_DATABASES). When it fails, or leaves no database that SQLite finds whole, the old "
                           "files are put back as they were. Nobody may have the database open: hooks before and after restores run around it, to stop and "
                           "start the application. holdfast undo brings the old content back, and the recovery log tells of it. After a crash in between the next run says which file lies where.",
                .examples = {{"holdfast fresh", "of the only source of the settings"}, {"holdfast fresh app --dry-run", "say what would be done"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(source, {.name = "source", .sentence = "The source of the settings, or one of its databases; default: the only one.", .value = "SOURCE", .positional = true});
        visit(cause, {.name = "cause", .sentence = "Why, for the recovery log.", .value = "TEXT"});
        visit(yes, {.name = "yes", .sentence = "Do not ask.", .letter = 'y'});
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be done; change nothing.", .letter = 'n'});
        visit(offline, {.name = "offline", .sentence = "I have stopped the application: nobody has the database open."});
        visit(no_safety_backup, {.name = "no-safety-backup", .sentence = "Go on even if the present database cannot be backed up first: its files are kept aside all the same."});
        visit(limit_s, {.name = "limit", .sentence = "The init command has failed when it takes longer.", .value = "SECONDS"});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        repository.describe(visit);
    }
};
struct FreshDatabase {
    std::string path, check;
    std::uint64_t bytes = 0;
    std::vector<std::string> kept_aside;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The database.");
        visit("bytes", bytes, "Bytes of the fresh one.");
        visit("check", check, "SQLite's own check of it.");
        visit("kept_aside", kept_aside, "Files of the old one, kept; in a dry run the names they would have now.");
    }
};
struct FreshReport {
    std::string source, command, safety_repository, go_back, output, data_lost, recovery_log;
    std::uint64_t safety_number = 0;
    bool dry_run = false, safety_is_raw = false, hooks_incomplete = false;
    std::vector<FreshDatabase> databases;
    std::vector<HookRun> hooks;
    std::vector<std::string> warnings;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source.");
        visit("command", command, "Its init command.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("databases", databases, "Each database.");
        visit("safety_number", safety_number, "Backup of the state before; 0: none was made.");
        visit("safety_repository", safety_repository, "Where it is.");
        visit("safety_is_raw", safety_is_raw, "It holds the bytes of a damaged original: they can be restored to a folder.");
        visit("go_back", go_back, "The command that brings the state before back; empty: there is none.");
        visit("data_lost", data_lost, "Rows that are not there any more, by table, as the recovery log tells it.");
        visit("recovery_log", recovery_log, "The recovery log that tells of it.");
        visit("output", output, "The end of what the command printed.");
        visit("hooks", hooks, "The hooks that were run.");
        visit("hooks_incomplete", hooks_incomplete, "A hook failed afterwards, and is not only to warn: exit code 3.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// After an error every old file is where it was, with its bytes, or the message says where it is.
Result<FreshReport> fresh(Context& context, const FreshRequest& request);

}  // namespace holdfast::operations
