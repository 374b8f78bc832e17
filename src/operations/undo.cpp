#include "holdfast/operations/undo.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/last_replaced.h"
#include "holdfast/operations/restore_selected.h"

namespace holdfast::operations {

Result<RestoreReport> undo(Context& context, const UndoRequest& request) {
    const auto last = TRY(last_replaced(context, request.repository, request.source));
    RestoreRequest restore;
    restore.repository = last.request;
    restore.repository.settings = request.repository.settings;
    restore.dry_run = request.dry_run;
    restore.yes = request.yes;
    restore.cause = request.cause;
    restore.recovery_log = request.recovery_log;
    restore.offline = request.offline;
    restore.no_check = request.no_check;
    restore.wait_s = request.wait_s;
    restore.hooks = request.hooks;
    const Selection selection{.moment = last.moment, .warnings = {}};
    auto report = TRY(restore_selected(context, *last.opened, selection, {.doing = "undo", .request = restore}));
    if (last.is_beside) {
        report.warnings.push_back(format("the state before was in {}: the repository could not take it when it was replaced", printable(last.opened->path())));
    }
    if (request.dry_run) return report;
    const auto noted = last.opened->get().add_note(last.moment.snapshot.number, {.type = repository::NoteType::undone, .time = context.host.clock.now()});
    if (!noted) report.warnings.push_back("it was done, but could not be noted, so another undo would do the same again: " + noted.error().message());
    return report;
}

}  // namespace holdfast::operations
