// guard: an automatic backup before something risky, then that; and the way back when it fails.
#pragma once

#include <functional>

#include "holdfast/operations/backup.h"
#include "holdfast/operations/restore.h"

namespace holdfast::operations {

struct GuardRequest {
    RepositoryRequest repository;
    std::vector<std::string> databases;
    std::vector<std::string> command;   // what is run, with its arguments; empty: only the backup is made
    std::string before;                 // the operation's name
    bool restore_on_failure = false, even_if_backup_fails = false;
    std::uint64_t wait_s = 10;
    Hooks hooks;                        // of the settings: around the backup, and around a restore
    // Called when a backup is made and before the command is started; of the backup's failure, when it is run all the same.
    std::function<void(const BackupReport&)> announce = [](const BackupReport&) {};
    std::function<void(const Error&)> announce_failure = [](const Error&) {};

    static OperationText operation() {
        return {.name = "guard",
                .sentence = "Back up, then run a command; when it fails, say how to go back, or do it.",
                .details = "The backup is automatic, and made before the operation named: a command that fails again and again, with nothing changed in "
                           "between, fills no disk. The command gets the terminal and everything else as if it had been run by itself, Ctrl-C too. Exit code: "
                           "the command's own, or 128 and the number of the signal that ended it. When the backup fails, the command is not run, the exit "
                           "code is that of the failure (below), and standard error says 'the command was NOT run'; so too when a database is damaged "
                           "itself, or is missing. A command that is not found: 127, that cannot be run: 126. Without a command the backup's number is "
                           "printed, for scripts. Of the databases named, else of every source of the settings (each gets a backup of its own), else of the "
                           "repository's only source.",
                .examples = {{"holdfast guard -- ./migrate.sh --to 12", "says how to go back when it fails"},
                             {"holdfast guard --restore-on-failure --database app.db -- python3 manage.py migrate", "goes back by itself"},
                             {"holdfast guard --operation upgrade --database app.db", "only the backup: prints its number"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(command, {.name = "command", .sentence = "What is run: everything behind --, untouched.", .value = "COMMAND", .positional = true, .rest = true});
        visit(databases, {.name = "database", .sentence = "A database that the command may change; may be repeated. Default: those of the settings, else of the repository's only source.", .value = "DATABASE"});
        visit(before, {.name = "operation", .sentence = "What the backup is made before. Default: the command's file name.", .value = "NAME"});
        visit(restore_on_failure, {.name = "restore-on-failure", .sentence = "When the command fails, restore the backup in place, with a safety backup of what the command has left."});
        visit(even_if_backup_fails, {.name = "even-if-backup-fails", .sentence = "Run the command even when the backup fails: then there is no way back."});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for a database that another program has locked.", .value = "SECONDS"});
        repository.describe(visit);
    }
};
// One backup of a guard: with settings of several sources there is one for each.
struct GuardBackup {
    std::uint64_t number = 0, safety_number = 0;
    std::string source, go_back, safety_repository, undo;
    std::vector<std::string> databases;
    bool unchanged = false;
    std::string gone;
    std::shared_ptr<const BackupInUse> in_use;  // nobody forgets it before the report has gone
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("unchanged", unchanged, "The databases were still as it holds them: there was nothing to restore.");
        visit("gone", gone, "Why it cannot be gone back to.");
        visit("number", number, "Its number.");
        visit("source", source, "The source.");
        visit("databases", databases, "The databases in it.");
        visit("go_back", go_back, "The command to go back with.");
        visit("safety_number", safety_number, "Backup of what the command had left, made before the restore; 0: none.");
        visit("safety_repository", safety_repository, "Where that is.");
        visit("undo", undo, "The command that brings it back.");
    }
};
struct GuardReport {
    std::uint64_t number = 0, safety_number = 0;
    std::string repository, operation, backup_error, command_error, restore_error, go_back, safety_repository;
    std::vector<std::string> databases;
    std::vector<GuardBackup> backups;
    bool confirmed_only = false, command_run = false, restored = false, unchanged = false;
    std::int64_t exit_code = 0, signal = 0;
    double backup_ms = 0, command_ms = 0;
    std::vector<HookRun> hooks;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup's number, of several the first; 0: it failed.");
        visit("repository", repository, "Where it is kept.");
        visit("operation", operation, "What it was made before.");
        visit("databases", databases, "The databases in it, or in them.");
        visit("backups", backups, "Each backup: one for each source.");
        visit("confirmed_only", confirmed_only, "Nothing had changed since backups for the same operation: the numbers are theirs.");
        visit("backup_ms", backup_ms, "How long the backup took.");
        visit("backup_error", backup_error, "Why it failed; the command was run because of --even-if-backup-fails.");
        visit("command_run", command_run, "The command was started.");
        visit("command_error", command_error, "Why it could not be started.");
        visit("exit_code", exit_code, "Of the command, and of holdfast.");
        visit("signal", signal, "What ended it; 0: none.");
        visit("command_ms", command_ms, "How long it ran.");
        visit("go_back", go_back, "The commands to go back with, when it failed.");
        visit("restored", restored, "The databases are as they were before it.");
        visit("unchanged", unchanged, "They were so without a restore: the command has changed nothing.");
        visit("restore_error", restore_error, "Why they are not.");
        visit("safety_number", safety_number, "Backup of what it had left, made before the restore; 0: none.");
        visit("safety_repository", safety_repository, "Where that is.");
        visit("hooks", hooks, "The hooks that were run.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// An Error: the backup failed, and the command was not run.
Result<GuardReport> guard(Context& context, const GuardRequest& request);

}  // namespace holdfast::operations
