// prune(): frees what no snapshot needs, safely beside everything else (docs/formats/repository.md, 11).
#pragma once

#include "holdfast/repository/repository.h"

namespace holdfast::repository {

struct PruneRequest {
    std::vector<SnapshotNumber> drop = {};  // forgotten ones whose grace is over; decided above, in history; held ones stay
    bool dry_run = false;
    double waste_max = 0.05;              // of the kept bytes: packs are repacked while more than this is garbage
    std::int64_t void_after_s = 86'400;   // patience with a session, or a reader, that cannot be seen from here
    std::int64_t wait_s = 60;             // patience with sessions at work: what they may need is left to the next prune
};

struct PruneReport {
    std::vector<SnapshotNumber> dropped;  // of those asked for: the others were gone already, or are held
    std::uint64_t packs_removed = 0;
    std::uint64_t packs_repacked = 0;
    std::uint64_t bytes_freed = 0;        // of packs and dictionaries removed, less what repacking wrote
    std::uint64_t bytes_waiting = 0;      // of packs not removed because of sessions at work, or dropped but being read
    std::vector<std::string> waiting_for;  // "backup #12, process 4711"
    std::uint64_t sessions_voided = 0;
    std::uint64_t bytes_kept = 0;
};

// Dry run and real run compute the same plan. After a crash at any point the next prune goes on. Damage in what is
// kept ends it before anything is changed (`corrupt`): a repository that cannot be read whole is not pruned. A damaged
// snapshot may be dropped. Damage found only when a pack is written again ends it, too, and that pack stays. Where there
// is no room to write packs again, the rest is done.
Result<PruneReport> prune(Repository& repository, const PruneRequest& request, const Watch& watch);

}  // namespace holdfast::repository
