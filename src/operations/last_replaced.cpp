#include "holdfast/operations/last_replaced.h"

#include <algorithm>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_rows.h"
#include "holdfast/operations/safety_backup.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/unfinished_restore.h"

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

Error several(const std::string& titles) {
    return fail(ErrorCode::invalid, "undo the restore of which source: there are {}", titles)
        .with_advice("--source with its name, its id, or the path of its database");
}

// The newest of one source's; none where there is none.
Result<std::optional<history::Moment>> newest_undoable(std::vector<history::Moment> moments) {
    const auto sources = history::sources_of(moments, is_undoable);
    if (sources.size() > 1) return several(history::titles_of(sources));
    const auto last = std::ranges::find_if(moments.rbegin(), moments.rend(), is_undoable);
    if (last == moments.rend()) return std::optional<history::Moment>();
    if (last->notes.took_place) return std::optional(std::move(*last));
    const auto number = last->snapshot.number.value;
    return fail(ErrorCode::invalid, "undo: the restore before which #{} was made was not seen to end: it may have replaced nothing, and then going back would take away what came since", number)
        .with_advice(format("holdfast restore {0} --dry-run shows what going back to it changes; holdfast restore {0} does it", number));
}

Result<std::vector<history::Moment>> moments_in(const repository::Repository& repository, history::Filter filter) {
    filter.with_forgotten = true;
    return TRY(history::list_moments(repository, filter)).moments;
}

// The backup before the last restore of rows, which undo does not take back; none where a whole restore came after it.
const history::Moment* last_rows_back(const std::vector<history::Moment>& moments) {
    for (auto at = moments.rbegin(); at != moments.rend(); ++at) {
        const auto& snapshot = at->snapshot;
        if (snapshot.kind == SnapshotKind::safety) return nullptr;
        if (snapshot.kind == SnapshotKind::automatic && snapshot.operation == rows_back_operation) return at->notes.forgotten ? nullptr : &*at;
    }
    return nullptr;
}

// "": there was none.
std::string way_back_of_rows(const std::vector<history::Moment>& moments, const RepositoryRequest& opened_by, const std::string& repository) {
    const auto* before = last_rows_back(moments);
    if (!before) return {};
    const auto& snapshot = before->snapshot;
    const auto command = restore_command(opened_by, {.number = snapshot.number.value, .repository = repository});
    return format("{}{} goes back to before the last restore of rows, at {}, and takes all that came since along", command, snapshot.source.paths.size() > 1 ? " --only DATABASE" : "",
                  to_rfc3339(snapshot.time));
}

// The databases of the sources meant, and the one that is named.
std::set<std::string> databases_of(const std::vector<history::Moment>& moments, const history::Filter& filter) {
    std::set<std::string> databases;
    for (const auto& moment : moments) databases.insert(moment.snapshot.source.paths.begin(), moment.snapshot.source.paths.end());
    if (databases.empty() && !filter.path.empty()) databases.insert(filter.path);
    return databases;
}

bool share_a_database(const history::Moment& a, const history::Moment& b) {
    const auto& others = b.snapshot.source.paths;
    return std::ranges::any_of(a.snapshot.source.paths, [&](const auto& path) { return std::ranges::find(others, path) != others.end(); });
}

// It may hold something newer, so what the repository has is not taken without a word; but a person can take it.
Error unreadable_beside(Error why, const std::string& meant, const std::optional<LastReplaced>& last) {
    auto error = std::move(why).while_doing("undo: look for a safety backup beside the database");
    if (!last) return error;
    const auto number = last->moment.snapshot.number.value;
    return std::move(error).with_advice(format("mend or move it away; or holdfast restore {} -r {}, which holds what was replaced at {}", number, shell_word(meant),
                                               to_rfc3339(last->moment.snapshot.time)));
}

// A restore whose repository could not take its safety backup put it beside the database. Sources have other ids there:
// it is their paths that tell. The newest counts, wherever it is.
Result<void> look_beside(Context& context, const std::string& database, const std::string& meant, std::optional<LastReplaced>& last) {
    RepositoryRequest beside;
    beside.repository = safety_repository_beside(database);
    const auto place = TRY(find_repository(context, beside, {}));
    if (!place.is_there || place.path == meant) return {};
    auto opened = open_repository(context, beside, {});
    if (!opened) return unreadable_beside(std::move(opened).error(), meant, last);
    auto found = TRY(newest_undoable(TRY(moments_in((*opened)->get(), {.path = database}))));
    if (!found) return {};
    if (last && !share_a_database(last->moment, *found)) {
        return several(format("{} and {}", history::title_of(last->moment.snapshot.source), history::title_of(found->snapshot.source)));
    }
    if (last && last->moment.snapshot.time >= found->snapshot.time) return {};
    last = LastReplaced{.opened = *std::move(opened), .request = std::move(beside), .moment = *std::move(found), .is_beside = true};
    return {};
}

Result<void> expect_usable(const LastReplaced& last) {
    const auto number = last.moment.snapshot.number.value;
    const std::string where = last.is_beside ? format(" -r {}", shell_word(last.opened->path())) : std::string();
    if (last.moment.notes.forgotten) {
        return fail(ErrorCode::not_found, "undo: the state before the restore, backup #{}, was forgotten", number)
            .with_advice(format("holdfast recall {}{}, then holdfast undo", number, where));
    }
    if (is_raw(last.moment.snapshot)) {
        return fail(ErrorCode::invalid, "undo: what was replaced was damaged, and is kept as the bytes it had, in backup #{}", number)
            .with_advice(format("holdfast restore {}{} --to FOLDER, to look at them", number, where));
    }
    return {};
}

// One that was interrupted is the last, and not any before it: it is mended, and nothing else is done.
Result<void> expect_none_unfinished(Context& context, OpenRepository& opened, const std::vector<std::string>& databases, Unfinished unfinished) {
    constexpr const char* once_more = "holdfast undo, once more, takes the last restore that took place back";
    using Is = UnfinishedSeen::Is;
    if (unfinished == Unfinished::left_alone) {
        for (const auto& seen : unfinished_restores(context, databases)) {
            if (seen.is == Is::at_work || seen.is == Is::over) continue;  // the real run takes it back
            return fail(seen.is == Is::staged ? ErrorCode::not_found : ErrorCode::busy, "undo: {}; the real run mends that, and does nothing else", seen.what).with_advice("holdfast undo");
        }
        return {};
    }
    const auto mended = TRY(mend_unfinished_restores(context, &opened, databases, WhenUnclear::refuse));
    if (mended.told.empty()) return {};
    std::string all;
    for (const auto& what : mended.told) all += what + "; ";
    return fail(mended.is_any_mended ? ErrorCode::busy : ErrorCode::not_found, "undo: {}nothing else was done", all).with_advice(once_more);
}

}  // namespace

Result<LastReplaced> last_replaced(Context& context, const RepositoryRequest& request, const std::string& source, Unfinished unfinished) {
    const auto filter = TRY(source_filter(context, source));
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    auto opened = TRY(open_repository(context, request, how));
    const std::string meant = opened->path();
    auto moments = TRY(moments_in(opened->get(), filter));
    const auto databases = databases_of(moments, filter);
    TRY(expect_none_unfinished(context, *opened, {databases.begin(), databases.end()}, unfinished));
    const std::string rows_back = way_back_of_rows(moments, request, meant);
    std::optional<LastReplaced> last;
    if (auto found = TRY(newest_undoable(std::move(moments)))) {
        last = LastReplaced{.opened = std::move(opened), .request = request, .moment = *std::move(found)};
    }
    for (const auto& database : databases) TRY(look_beside(context, database, meant, last));
    if (!last) {
        return fail(ErrorCode::not_found, "undo: no restore in place is left that could be taken back")
            .with_advice(rows_back.empty() ? "holdfast list --kind safety shows what restores have replaced" : rows_back);
    }
    last->rows_back = rows_back;
    TRY(expect_usable(*last));
    last->moment.snapshot = TRY(last->opened->get().snapshot(last->moment.snapshot.number));  // whole: lists leave much out
    return *std::move(last);
}

}  // namespace holdfast::operations
