// HashCache: fingerprints of what the last backup saw, kept on this machine, so that finding changes costs one read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/host/host.h"
#include "holdfast/repository/tree.h"

namespace holdfast::repository {

// Says what has not changed since a content, nothing about what the repository holds: ids come from the parent's proven
// tree. It may be lost at any time; one that is torn, of another content or of another format counts as absent.
//
// File: magic "HFHASHES", u32 format, u32 unit, u64 seed, u64 size, u8 has_root, root[32], u64 extents, u64 units,
// extents × (u64 low, u64 high), units × u32, units × u32 (the tails), XXH3-128 of all before (u64 low, u64 high). Little-endian.
struct HashCache {
    std::uint32_t unit = 4096;          // bytes that change and move as a whole: a page; 0: of variable extents, which have none
    std::uint64_t seed = 0;             // random and secret: nobody can make two contents that look alike
    std::vector<Fingerprint> extents;   // XXH3-128 of each extent
    std::vector<std::uint32_t> units;   // low half of XXH3-64 of each unit; the last may be short
    std::vector<std::uint32_t> tails;   // by which a unit is found again where it moved to (unit_prints.h)

    std::uint32_t units_per_extent() const;
};

// Where the cache of one lineage lies. Empty folder: there is none.
struct HashCachePlace {
    std::string folder;       // of all caches of holdfast; gets a CACHEDIR.TAG
    std::string repository;   // its id, hexadecimal
    std::string like;         // the lineage
    std::string path() const;
};
std::optional<HashCache> read_hash_cache(host::FileSystem& files, const HashCachePlace& place, const Content& content);
// Replaces the file in one step, without syncing it. Nobody but the owner can read it.
Result<void> write_hash_cache(host::Host host, const HashCachePlace& place, const HashCache& cache, const Content& content);
void drop_hash_cache(host::FileSystem& files, const HashCachePlace& place);

}  // namespace holdfast::repository
