// Checking objects one by one: is each what its name says, and are twice-kept ones there twice?
#pragma once

#include <unordered_set>

#include "holdfast/repository/check.h"
#include "holdfast/repository/number_set.h"

namespace holdfast::repository {

// What is at work, or was when it crashed: half done, but not damaged.
struct Unfinished {
    std::vector<SnapshotNumber> claimed;  // sessions that have not removed their claim
    bool by_prune = false;
};
// Every object but packs, claims and leases: envelopes and index tables.
struct ObjectsRequest {
    std::vector<store::ListedObject> objects;
    bool read_tables = true;  // their bytes, which may be many
    NumberSet gaps;           // snapshots that are gone already
    std::unordered_set<ChunkId, NameHasher> dictionaries;  // those that are needed
    Unfinished unfinished;
};
Result<void> check_objects(const Repository& repository, const ObjectsRequest& request, const Watch& watch, CheckReport& report);

// Both objects of one snapshot.
Result<void> check_snapshot_objects(const Repository& repository, SnapshotNumber number, CheckReport& report);

}  // namespace holdfast::repository
