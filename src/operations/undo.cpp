#include "holdfast/operations/undo.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/last_replaced.h"
#include "holdfast/operations/restore_selected.h"
#include "holdfast/operations/safety_backup.h"

namespace holdfast::operations {

namespace {

// What was missing before the restore is in no safety backup. It is not taken away: it may hold what came since.
std::vector<std::string> put_in_place_of_nothing(Context& context, const repository::Snapshot& before) {
    std::vector<std::string> paths;
    for (const auto& [key, path] : before.tags) {
        if (key == absent_tag && context.host.files.status_of_link(path)) paths.push_back(path);
    }
    return paths;
}

}  // namespace

Result<RestoreReport> undo(Context& context, const UndoRequest& request) {
    const auto last = TRY(last_replaced(context, request.repository, request.source, request.dry_run ? Unfinished::left_alone : Unfinished::mended_first));
    RestoreRequest restore;
    restore.repository = last.request;
    restore.repository.settings = request.repository.settings;
    restore.dry_run = request.dry_run;
    restore.yes = request.yes;
    restore.cause = request.cause;
    restore.recovery_log = request.recovery_log;
    restore.offline = request.offline;
    restore.no_check = request.no_check;
    restore.exact = request.exact;
    restore.wait_s = request.wait_s;
    restore.hooks = request.hooks;
    const Selection selection{.moment = last.moment, .warnings = {}};
    auto report = TRY(restore_selected(context, *last.opened, selection, {.doing = "undo", .request = restore}));
    if (last.is_beside) {
        report.warnings.push_back(format("the state before was in {}: the repository could not take it when it was replaced", printable(last.opened->path())));
    }
    if (!last.rows_back.empty()) report.warnings.push_back("rows were restored since then, and go with the rest: " + last.rows_back);
    for (const auto& path : put_in_place_of_nothing(context, last.moment.snapshot)) {
        report.warnings.push_back(format("{} was not there before the restore, and is left as it is", printable(path)));
    }
    if (request.dry_run) return report;
    const auto noted = last.opened->get().add_note(last.moment.snapshot.number, {.type = repository::NoteType::undone, .time = context.host.clock.now()});
    if (!noted) report.warnings.push_back("it was done, but could not be noted, so another undo would do the same again: " + noted.error().message());
    return report;
}

}  // namespace holdfast::operations
