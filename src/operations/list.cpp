#include "holdfast/operations/list.h"

#include <algorithm>
#include <ranges>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/operations/listed_backup.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

ListedBackup unreadable(repository::SnapshotNumber number) {
    ListedBackup backup;
    backup.number = number.value;
    backup.state = "unreadable";
    return backup;
}

// Ascending. What the source's backup before had is what a schema is compared with.
std::vector<ListedBackup> with_schema_changes(const history::MomentList& list) {
    std::vector<ListedBackup> backups;
    struct Schema {
        std::string hash, version;
    };
    std::map<std::array<std::byte, 16>, Schema> schema_of;
    for (const auto* moment : std::views::reverse(history::newest_first(list.moments))) {
        auto backup = listed(*moment);
        auto& before = schema_of[moment->snapshot.source.id];
        const auto differs = [](const std::string& now, const std::string& then) { return !then.empty() && !now.empty() && now != then; };
        backup.schema_changed = differs(backup.schema_hash, before.hash) || differs(backup.schema_version, before.version);
        if (!backup.schema_hash.empty()) before.hash = backup.schema_hash;
        if (!backup.schema_version.empty()) before.version = backup.schema_version;
        backups.push_back(std::move(backup));
    }
    return backups;
}

std::vector<ListedBackup> newest_first(const history::MomentList& list) {
    auto backups = with_schema_changes(list);
    std::ranges::reverse(backups);
    for (const auto& [number, why] : list.damaged) {
        const auto older = std::ranges::find_if(backups, [&](const ListedBackup& backup) { return backup.number < number.value; });
        backups.insert(older, unreadable(number));
    }
    return backups;
}

// Both ends belong to it.
Result<void> keep_within(Context& context, const ListRequest& request, std::vector<ListedBackup>& backups) {
    if (!request.since.empty()) {
        const Timestamp since = TRY(moment_of_text(context, request.since));
        std::erase_if(backups, [&](const ListedBackup& backup) { return backup.time < since; });
    }
    if (!request.until.empty()) {
        const Timestamp until = TRY(moment_of_text(context, request.until));
        std::erase_if(backups, [&](const ListedBackup& backup) { return backup.time > until; });
    }
    return {};
}

Result<bool> has_only_forgotten(const repository::Repository& repository, history::Filter filter) {
    filter.with_forgotten = true;
    return !TRY(history::list_moments(repository, filter)).moments.empty();
}

}  // namespace

Result<ListReport> list(Context& context, const ListRequest& request) {
    auto filter = TRY(narrowed(TRY(source_filter(context, request.source)), request.narrow));
    filter.held_only = request.held;
    filter.with_forgotten = request.forgotten;
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto moments = TRY(history::list_moments(opened->get(), filter));
    const bool is_found = !moments.moments.empty() || filter.is_any() || filter.is_narrow() || TRY(has_only_forgotten(opened->get(), filter));
    if (!is_found) return history::no_such_source(opened->get(), filter);

    ListReport report;
    report.repository = opened->path();
    report.backups = newest_first(moments);
    TRY(keep_within(context, request, report.backups));
    if (request.last > 0 && report.backups.size() > request.last) report.backups.resize(request.last);
    for (const auto& [number, why] : moments.damaged) report.damage.push_back(why.text());
    for (const auto& why : moments.note_damage) report.damage.push_back(why.text());
    return report;
}

}  // namespace holdfast::operations
