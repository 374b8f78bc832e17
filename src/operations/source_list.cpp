#include <algorithm>
#include <map>

#include "holdfast/history/history.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/source.h"

namespace holdfast::operations {

namespace {

// What one more backup, in ascending order, says about its source.
void add_to(ListedSource& source, const repository::Snapshot& snapshot) {
    for (const auto& path : source.paths) {
        const bool stays = std::ranges::find(snapshot.source.paths, path) != snapshot.source.paths.end();
        if (!stays && std::ranges::find(source.paths_before, path) == source.paths_before.end()) source.paths_before.push_back(path);
    }
    source.name = snapshot.source.name;
    source.id = to_hex(snapshot.source.id);
    source.paths = snapshot.source.paths;
    source.is_of_this_machine = snapshot.source.machine == host::this_machine();
    ++source.backups;
    source.last_number = snapshot.number.value;
    source.last_time = snapshot.time;
}

}  // namespace

Result<SourceListReport> list_sources(Context& context, const SourceListRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto loaded = TRY(settings_if_good(context, request.repository));
    std::map<std::string, ListedSource> by_id;
    const auto list = TRY(history::list_moments(opened->get(), {}));
    for (const auto& moment : list.moments) add_to(by_id[to_hex(moment.snapshot.source.id)], moment.snapshot);
    SourceListReport report;
    report.repository = opened->path();
    for (auto& [id, source] : by_id) {
        source.is_in_settings = loaded.source(source.name) != nullptr;
        for (const auto& path : source.paths) {
            if (source.is_of_this_machine && !host::exists(context.host.files, path).value_or(true)) source.missing.push_back(path);
        }
        report.sources.push_back(std::move(source));
    }
    std::ranges::sort(report.sources, std::greater(), &ListedSource::last_number);
    return report;
}

}  // namespace holdfast::operations
