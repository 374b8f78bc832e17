// KeptPrints: the local cache's word on which bytes are as a content that was kept has them, faster than naming them.
#pragma once

#include "holdfast/repository/hash_cache.h"
#include "holdfast/repository/repository.h"

namespace holdfast::repository {

// Says of equal bytes only that they are equal to those the cache was made of: names come from the content's own tree.
class KeptPrints {
public:
    // None: there is no cache of that lineage, or it is of another content.
    static std::optional<KeptPrints> of(const Repository& repository, const std::string& like, const Content& content);
    bool is_as_kept(std::uint64_t extent, ByteView bytes) const {
        return extent < cache_.extents.size() && fingerprint(bytes, cache_.seed) == cache_.extents[extent];
    }

private:
    explicit KeptPrints(HashCache cache) : cache_(std::move(cache)) {}
    HashCache cache_;
};

}  // namespace holdfast::repository
