#include "holdfast/operations/rest_of_source.h"

#include <algorithm>

#include "holdfast/host/process_identity.h"
#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

namespace {

Result<std::vector<std::string>> paths_of_source(OpenRepository& opened, const BackupRequest& request, const std::string& database) {
    if (const auto* source = request.repository.settings.loaded->source(request.source)) return source->databases;
    const auto machine = host::this_machine();
    const auto last = TRY(opened.get().newest([&](const repository::Snapshot& snapshot) {
        return snapshot.source.machine == machine && std::ranges::find(snapshot.source.paths, database) != snapshot.source.paths.end();
    }));
    return last ? last->source.paths : std::vector<std::string>();
}

}  // namespace

Result<void> add_rest_of_source(Context& context, OpenRepository& opened, const BackupRequest& request, std::vector<NamedDatabase>& databases) {
    const auto paths = TRY(paths_of_source(opened, request, databases.front().path));
    if (paths.empty()) return {};
    for (auto& one : TRY(named_databases(context, paths))) {
        if (std::ranges::find(databases, one.path, &NamedDatabase::path) != databases.end()) continue;
        one.may_fail = true;
        databases.push_back(std::move(one));
    }
    return {};
}

}  // namespace holdfast::operations
