// BlockCache: proven blocks of index tables, the least recently used dropped first. Shared by all tables of an index.
#pragma once

#include "holdfast/base/bytes.h"
#include "holdfast/repository/lru.h"

namespace holdfast::repository {

// A table has a number of its own while the program runs; a block counts from 0 in its table.
struct BlockKey {
    std::uint64_t table = 0;
    std::uint64_t block = 0;
    bool operator==(const BlockKey&) const = default;
};
struct BlockKeyHasher {
    std::size_t operator()(const BlockKey& key) const noexcept {
        return static_cast<std::size_t>((key.table << 40) ^ key.block) * 0x9E37'79B9'7F4A'7C15u;
    }
};

class BlockCache : public Lru<BlockKey, Bytes, BlockKeyHasher> {
public:
    using Lru::Lru;
};

}  // namespace holdfast::repository
