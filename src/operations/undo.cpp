#include "holdfast/operations/undo.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/restore_selected.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotKind;

constexpr std::string_view undoable = "restore";  // as safety backups say what they go before

// Every restore in place left one; those that were taken back, and what an undo itself left, are passed over.
bool is_undoable(const history::Moment& moment) {
    return moment.snapshot.kind == SnapshotKind::safety && moment.snapshot.operation == undoable && !moment.notes.undone;
}

bool is_raw(const repository::Snapshot& snapshot) {
    return std::ranges::any_of(snapshot.members, [](const auto& member) { return !member.database; });
}

Result<history::Moment> last_undoable(Context& context, const repository::Repository& repository, const std::string& source) {
    auto filter = TRY(source_filter(context, source));
    filter.with_forgotten = true;
    auto moments = TRY(history::list_moments(repository, filter)).moments;
    const auto sources = history::sources_of(moments, is_undoable);
    if (sources.size() > 1) {
        return fail(ErrorCode::invalid, "undo the restore of which source: there are {}", history::titles_of(sources))
            .with_advice("--source with its name, its id, or the path of its database");
    }
    const auto last = std::ranges::find_if(moments.rbegin(), moments.rend(), is_undoable);
    if (last == moments.rend()) {
        return fail(ErrorCode::not_found, "undo: no restore in place is left that could be taken back")
            .with_advice("holdfast list --kind safety shows what restores have replaced; a backup beside the database may be in .holdfast-safety");
    }
    const auto number = last->snapshot.number.value;
    if (last->notes.forgotten) {
        return fail(ErrorCode::not_found, "undo: the state before the restore, backup #{}, was forgotten", number)
            .with_advice(format("holdfast recall {}, then holdfast undo", number));
    }
    if (is_raw(last->snapshot)) {
        return fail(ErrorCode::invalid, "undo: what was replaced was damaged, and is kept as the bytes it had, in backup #{}", number)
            .with_advice(format("holdfast restore {} --to FOLDER, to look at them", number));
    }
    return std::move(*last);
}

}  // namespace

Result<RestoreReport> undo(Context& context, const UndoRequest& request) {
    OpenHow how;
    if (const auto filter = TRY(source_filter(context, request.source)); !filter.path.empty()) how.databases.push_back(filter.path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto safety = TRY(last_undoable(context, opened->get(), request.source));
    RestoreRequest restore;
    restore.repository = request.repository;
    restore.dry_run = request.dry_run;
    restore.yes = request.yes;
    restore.cause = request.cause;
    restore.recovery_log = request.recovery_log;
    restore.offline = request.offline;
    restore.no_check = request.no_check;
    restore.wait_s = request.wait_s;
    restore.hooks = request.hooks;
    const Selection selection{.moment = {.snapshot = TRY(opened->get().snapshot(safety.snapshot.number)), .notes = safety.notes}, .warnings = {}};
    auto report = TRY(restore_selected(context, *opened, selection, {.doing = "undo", .request = restore}));
    if (request.dry_run) return report;
    const auto noted = opened->get().add_note(safety.snapshot.number, {.type = repository::NoteType::undone, .time = context.host.clock.now()});
    if (!noted) report.warnings.push_back("it was done, but could not be noted, so another undo would do the same again: " + noted.error().message());
    return report;
}

}  // namespace holdfast::operations
