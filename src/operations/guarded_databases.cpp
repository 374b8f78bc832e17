#include "holdfast/operations/guarded_databases.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

namespace {

Result<GuardedDatabases> of_only_source(Context& context, const RepositoryRequest& repository) {
    auto opened = open_repository(context, repository, {});
    if (!opened && opened.error().code() == ErrorCode::not_found) {
        return std::move(opened).error().while_doing("no database is named").with_advice("--database DATABASE");
    }
    const auto found = TRY(std::move(opened));
    const auto list = TRY(history::list_moments(found->get(), {}));
    const auto machine = host::this_machine();
    const auto sources = history::sources_of(list.moments, [&](const history::Moment& moment) { return moment.snapshot.source.machine == machine; });
    if (sources.size() == 1) return GuardedDatabases{.paths = sources.front().paths, .source = {}, .repository = found->path()};
    if (sources.empty()) {
        return fail(ErrorCode::invalid, "no database is named, and {} has no backup of this machine", printable(found->path()))
            .with_advice("--database DATABASE");
    }
    return fail(ErrorCode::invalid, "no database is named, and {} has several sources: {}", printable(found->path()), history::titles_of(sources))
        .with_advice(format("--database {}", shell_word(sources.front().paths.empty() ? std::string("DATABASE") : sources.front().paths.front())));
}

}  // namespace

Result<std::vector<GuardedDatabases>> guarded_databases(Context& context, const RepositoryRequest& repository, const std::vector<std::string>& named) {
    std::vector<GuardedDatabases> all;
    if (!named.empty()) {
        all.push_back({.paths = named, .source = {}, .repository = {}});
        return all;
    }
    const auto loaded = TRY(load_settings(context, repository.settings));
    for (const auto& [name, source] : loaded.settings.source) all.push_back({.paths = source.databases, .source = name, .repository = {}});
    if (all.empty()) all.push_back(TRY(of_only_source(context, repository)));
    return all;
}

}  // namespace holdfast::operations
