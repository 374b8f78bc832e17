// Look: one pass over a source: finds the extents that changed, names them, encodes them, packs them.
#pragma once

#include <set>
#include <string>

#include "holdfast/repository/changed_extents.h"
#include "holdfast/repository/extent_encoder.h"
#include "holdfast/repository/hash_cache.h"
#include "holdfast/repository/packer.h"

namespace holdfast::repository {

// What is known of a content while it is being looked at, extent by extent; carried from one look to the next.
struct Known {
    HashCache prints;                 // of every extent seen so far
    std::uint64_t extents = 0;        // how many of them say something: 0 when there was no cache
    bool has_units = false;           // whether prints.units does
    ChangedExtents changed;
};

struct LookPlaces {
    const Keys& keys;
    host::WorkerPool& pool;
    const ChunkReader& chunks;
    Packer& packer;
    Reuse& reuse;
    ExtentEncoder& encoder;
    const ParentTree* parent;         // null: there is none
    std::uint32_t unit;
};

struct LookRequest {
    // Extents [first, last) that are read; the others are left as they are known.
    std::uint64_t first = 0, last = 0;
    bool name_everything = false;     // believe no fingerprint: compare true ids with the parent's
    // Extents whose fingerprints say "unchanged" are named all the same in this range: is the cache honest?
    std::uint64_t audit_first = 0, audit_last = 0;
    bool hash_all = false;            // SHA-256 over what is read
    // Told of every batch: extents looked at, and how many of them differ. For starting to look for moved pages.
    std::function<void(std::uint64_t looked_at, std::uint64_t differ)> on_batch = {};
};

struct LookResult {
    std::uint64_t bytes_read = 0, bytes_stored = 0;
    std::uint64_t differ = 0;          // extents other than known
    std::uint64_t shifted = 0;         // of these: no unit is the one that lay there, yet they lean on what was there
    bool cache_is_wrong = false;       // the audit found an extent that changed although its fingerprint did not
    std::set<std::uint64_t> lost_leaves;  // of the parent's tree: unreadable, so that all their extents must be named
    std::optional<Hash> sha256;
};

// Works in the pool; several extents at once. `known` is updated as it goes: after an error it is of no more use.
Result<LookResult> look_at(const ByteSource& source, const LookPlaces& places, const LookRequest& request, Known& known,
                           const Watch& watch);

}  // namespace holdfast::repository
