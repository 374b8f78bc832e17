#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/moved_databases.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/source.h"
#include "holdfast/operations/source_of_databases.h"
#include "holdfast/operations/target_database.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t telling_pages = 64;  // of fewer, all may well have changed

using repository::Snapshot;

struct Move {
    Snapshot newest;     // of the source, of any kind
    std::string from, to;  // canonical
    std::uint64_t backups = 0;
};

// The one source that is meant, by its newest backup.
Result<Move> source_meant(Context& context, const repository::Repository& repository, const SourceMoveRequest& request) {
    auto filter = TRY(source_filter(context, request.from));
    filter.with_forgotten = true;
    // The old place may be a link to the new one by now.
    if (const auto link = context.links.find(filter.path); link != context.links.end()) filter.path = link->second;
    const auto list = TRY(history::list_moments(repository, filter));
    const auto sources = history::sources_of(list.moments, [](const history::Moment&) { return true; });
    if (sources.empty()) return history::no_such_source(repository, filter);
    if (sources.size() > 1) {
        return fail(ErrorCode::invalid, "move the source of {}: there are {}", printable(request.from), history::titles_of(sources)).with_advice("name it by its id: holdfast source list");
    }
    const auto of_source = [&](const Snapshot& snapshot) { return snapshot.source.id == sources.front().id; };
    Move move;
    move.newest = *TRY(repository.newest(of_source));
    const auto all = TRY(history::list_moments(repository, {.source = to_hex(sources.front().id), .path = {}}));
    move.backups = all.moments.size();
    const auto& paths = move.newest.source.paths;
    if (std::ranges::find(paths, filter.path) != paths.end()) {
        move.from = filter.path;
    } else if (paths.size() == 1) {
        move.from = paths.front();
    } else {
        return fail(ErrorCode::invalid, "move a database of the source {}: it has {}", printable(move.newest.source.name), paths.size()).with_advice("name the one that was moved by its path: holdfast source list");
    }
    return move;
}

Result<void> expect_free(const repository::Repository& repository, const Move& move) {
    const auto& source = move.newest.source;
    if (std::ranges::find(source.paths, move.to) != source.paths.end()) {
        return fail(ErrorCode::invalid, "move {} to {}: that belongs to its source already", printable(move.from), printable(move.to)).with_advice("nothing needs to be done: holdfast backup");
    }
    const auto machine = host::this_machine();
    const auto other = TRY(repository.newest([&](const Snapshot& snapshot) {
        return snapshot.source.id != source.id && snapshot.source.machine == machine && std::ranges::find(snapshot.source.paths, move.to) != snapshot.source.paths.end();
    }));
    if (!other) return {};
    return fail(ErrorCode::exists, "move {} to {}: that has backups of its own, as the source {}", printable(move.from), printable(move.to), history::title_of(other->source))
        .with_advice(format("two pasts cannot become one: go on with that, and find the older backups by --source {}", shell_word(source.name)));
}

// A file of another application at the new place is a slip of the finger.
Result<void> expect_likely(Context& context, const SourceMoveRequest& request, const Move& move) {
    const bool is_there = TRY(host::exists(context.host.files, move.from)) && TRY(host::canonical_or_future(context.host.files, move.from)) != move.to;
    if (is_there && !request.copied && move.newest.source.machine == host::this_machine()) {
        return fail(ErrorCode::exists, "move {} to {}: the old one is still there, so which is meant from now on?", printable(move.from), printable(move.to))
            .with_advice("--copied, if it is the new one; holdfast backup of it, if it is another database");
    }
    const auto header = TRY(header_of_target(context, move.to));
    const auto entry = std::ranges::find(move.newest.members, move.from, &repository::DirectoryEntry::name);
    if (entry == move.newest.members.end() || !entry->database || !header || entry->database->application_id == header->application_id) return {};
    return fail(ErrorCode::invalid, "move {} to {}: its application_id is {:#x}, and was {:#x}", printable(move.from), printable(move.to), header->application_id, entry->database->application_id)
        .with_advice("is it the database that you mean? holdfast backup makes it a source of its own");
}

std::vector<std::string> settings_to_change(Context& context, const LoadedSettings& loaded, const Move& move) {
    std::vector<std::string> told;
    const auto name = source_of_database(context, loaded.settings, move.from);
    if (name.empty()) return told;
    for (const auto& value : loaded.values) {
        const bool is_it = value.key.starts_with("source.") && value.key.ends_with(".databases") && value.value.find(host::file_name_of(move.from)) != std::string::npos;
        const bool is_of_name = loaded.source(name) != nullptr && value.key.find(name) != std::string::npos;
        if (is_it && is_of_name) told.push_back(format("{}:{}: {} still names {}: write {} there", printable(loaded.file), value.line, value.key, printable(move.from), printable(move.to)));
    }
    if (told.empty()) told.push_back(format("{}: the source {} still names {}: write {} there", printable(loaded.file), printable(name), printable(move.from), printable(move.to)));
    return told;
}

// Nobody names the repository: from the new place another one would be found, or made.
void warn_of_repository(Context& context, const OpenRepository& opened, SourceMoveReport& report) {
    const bool is_by_link = context.links.contains(report.to);
    if (!opened.is_default() || is_by_link || host::folder_of(opened.path()) == host::folder_of(report.to)) return;
    report.warnings.push_back(format("the repository lies beside the old place: name it from now on, by -r {}, by HOLDFAST_REPOSITORY or in settings", shell_word(opened.path())));
}

BackupRequest backup_order(const SourceMoveRequest& request, const SourceMoveReport& report) {
    BackupRequest order;
    order.repository = request.repository;
    order.repository.repository = report.repository;
    order.databases = report.paths;
    order.source = report.id;
    order.moved = {{report.to, report.from}};
    order.purpose.comment = "moved from " + printable(report.from);
    order.purpose.tags = {format("{}={}", moved_from_tag, report.from), format("{}={}", moved_to_tag, report.to)};
    order.all_or_nothing = true;
    order.wait_s = request.wait_s;
    return order;
}

}  // namespace

Result<SourceMoveReport> move_source(Context& outer, const SourceMoveRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.wait_s);
    SourceMoveReport report;
    {
        OpenHow how;
        how.databases.push_back(TRY(canonical_name(context, request.from)));  // .holdfast beside it stayed
        const auto opened = TRY(open_repository(context, request.repository, how));
        auto move = TRY(source_meant(context, opened->get(), request));
        move.to = TRY(canonical_database(context, request.to));
        TRY(refuse_inside_repository(context, move.to));
        TRY(expect_free(opened->get(), move));
        TRY(expect_likely(context, request, move));
        report = {.source = move.newest.source.name, .id = to_hex(move.newest.source.id), .from = move.from, .to = move.to, .repository = opened->path(), .backups = move.backups,
                  .dry_run = request.dry_run, .paths = move.newest.source.paths, .settings = {}, .warnings = {}};
        std::ranges::replace(report.paths, move.from, move.to);
        std::ranges::sort(report.paths);
        warn_of_repository(context, *opened, report);
        report.settings = settings_to_change(context, TRY(settings_if_good(context, request.repository)), move);
    }
    if (request.dry_run) return report;
    auto made = TRY(backup(context, backup_order(request, report)));
    report.number = made.number;
    report.bytes_stored = made.bytes_stored;
    report.damaged = made.damaged;
    std::ranges::move(made.warnings, std::back_inserter(report.warnings));
    const auto member = std::ranges::find(made.databases, report.to, &BackupMember::path);
    if (member != made.databases.end() && member->pages >= telling_pages && member->pages_changed >= member->pages) {
        report.warnings.push_back("no page of it is as the last backup before has it: is it the same database?");
    }
    return report;
}

}  // namespace holdfast::operations
