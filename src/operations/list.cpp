#include "holdfast/operations/list.h"

#include <algorithm>

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
    backup.kind = "ordinary";
    backup.state = "unreadable";
    return backup;
}

std::vector<ListedBackup> newest_first(const history::MomentList& list) {
    std::vector<ListedBackup> backups;
    for (const auto& moment : list.moments) backups.push_back(listed(moment));
    for (const auto& [number, why] : list.damaged) backups.push_back(unreadable(number));
    std::ranges::sort(backups, std::greater(), &ListedBackup::number);
    return backups;
}

Result<bool> has_only_forgotten(const repository::Repository& repository, history::Filter filter) {
    filter.with_forgotten = true;
    return !TRY(history::list_moments(repository, filter)).moments.empty();
}

}  // namespace

Result<ListReport> list(Context& context, const ListRequest& request) {
    auto filter = TRY(source_filter(context, request.source));
    filter.with_forgotten = request.forgotten;
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto moments = TRY(history::list_moments(opened->get(), filter));
    const bool is_found = !moments.moments.empty() || filter.is_any() || TRY(has_only_forgotten(opened->get(), filter));
    if (!is_found) return history::no_such_source(opened->get(), filter);

    ListReport report;
    report.repository = opened->path();
    report.backups = newest_first(moments);
    if (request.last > 0 && report.backups.size() > request.last) report.backups.resize(request.last);
    for (const auto& [number, why] : moments.damaged) report.damage.push_back(why.text());
    for (const auto& why : moments.note_damage) report.damage.push_back(why.text());
    return report;
}

}  // namespace holdfast::operations
