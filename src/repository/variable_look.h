// VariableLook: one pass over a source that shifts: cuts it, finds again what is as it was, names, encodes and packs the rest.
#pragma once

#include <vector>

#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/cut_points.h"
#include "holdfast/repository/extent_encoder.h"
#include "holdfast/repository/old_extents.h"
#include "holdfast/repository/packer.h"

namespace holdfast::repository {

struct VariableLookPlaces {
    const Keys& keys;
    host::WorkerPool& pool;
    const ChunkReader& chunks;
    Packer& packer;
    Reuse& reuse;
    ExtentEncoder& encoder;
    const CutPoints& cuts;
};

// What is known of the content before. Extents whose fingerprints are the old ones are as they were, by the same trust as
// those of fixed extents (hash_cache.h).
struct VariableKnown {
    const OldExtents* old = nullptr;         // null: there is none
    const std::vector<Fingerprint>* prints = nullptr;  // of each of its extents; null: not known
    std::uint64_t seed = 0;
    std::uint64_t audit_turn = 0;            // which of them are named all the same: is the cache honest?
};

struct VariableExtent {
    ChunkId id;
    std::uint32_t size = 0;
    std::optional<std::uint32_t> old;        // number of the same one before
};
struct VariableLookResult {
    std::vector<VariableExtent> extents;     // all of the file's, in order
    std::vector<Fingerprint> prints;         // of each
    std::uint64_t bytes_read = 0, bytes_stored = 0, extents_changed = 0;
    bool cache_is_wrong = false;             // an extent has changed although its fingerprint has not
};

// Cuts in the caller's thread, names and encodes in the pool; memory is a few batches, and about 150 bytes for each extent.
Result<VariableLookResult> look_at_variable(const ByteSource& source, const VariableLookPlaces& places, const VariableKnown& known, const Watch& watch);

}  // namespace holdfast::repository
