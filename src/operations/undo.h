// undo: takes the last restore in place back.
#pragma once

#include "holdfast/operations/restore.h"

namespace holdfast::operations {

struct UndoRequest {
    RepositoryRequest repository;
    std::string source, cause, recovery_log;
    bool dry_run = false, yes = false, offline = false, no_check = false, exact = false;
    std::uint64_t wait_s = 10;
    Hooks hooks;  // of the settings: those of a restore

    static OperationText operation() {
        return {.name = "undo",
                .sentence = "Take the last restore in place back, and, repeated, the ones before it.",
                .details = "Brings back the safety backup that was made before the restore; the state as it is now is backed up first, as with every restore, "
                           "so that nothing is lost by it. A restore that was interrupted is ended first, or what it had staged is removed, and nothing else is done (exit code 7, or 5 where it had replaced nothing): a second undo takes the last one that took place back. It takes back whole restores: rows that restore --table brought stay, and where they came last, the command that goes back is named. What an application has written since the restore is not in the database afterwards, but in that backup.",
                .examples = {{"holdfast undo --dry-run", "which restore it would be, and what would change"}, {"holdfast undo", ""}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(source, {.name = "source", .sentence = "Of this source (name, id or the path of one of its databases).", .value = "NAME"});
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would happen; change nothing.", .letter = 'n'});
        visit(yes, {.name = "yes", .sentence = "Do not ask.", .letter = 'y'});
        visit(exact, {.name = "exact", .sentence = "Remove files and folders of companions, and companions, that were not there before the restore; a backup keeps them."});
        visit(offline, {.name = "offline", .sentence = "I have stopped the application: nobody has the database open."});
        visit(no_check, {.name = "no-check", .sentence = "Leave out SQLite's own check (the hash proof is always made)."});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        visit(cause, {.name = "cause", .sentence = "Why, for the recovery log.", .value = "TEXT"});
        visit(recovery_log, {.name = "recovery-log", .sentence = "Tell of it at the end of this Markdown file (it is made when missing).", .value = "FILE"});
        repository.describe(visit);
    }
};
// `not_found`: no restore is left that could be undone; it says why.
Result<RestoreReport> undo(Context& context, const UndoRequest& request);

}  // namespace holdfast::operations
