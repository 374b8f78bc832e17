#include "holdfast/repository/kept_prints.h"

namespace holdfast::repository {

std::optional<KeptPrints> KeptPrints::of(const Repository& repository, const std::string& like, const Content& content) {
    if (repository.options().cache_folder.empty()) return std::nullopt;
    const HashCachePlace place{.folder = repository.options().cache_folder, .repository = repository.config().id.hex(), .like = like};
    auto cache = read_hash_cache(repository.host().files, place, content);
    return cache ? std::optional(KeptPrints(*std::move(cache))) : std::nullopt;
}

}  // namespace holdfast::repository
