// Reading many snapshots, several at once, told of in order.
#pragma once

#include <functional>
#include <vector>

#include "holdfast/repository/repository.h"

namespace holdfast::repository {

// Reads and proves one, from whichever of its two objects proves; void ones as well.
Result<Snapshot> read_snapshot(store::ObjectStore& store, const Keys& keys, SnapshotNumber number);

// Visits all of them in the order given, in the caller's thread, reading ahead in the pool when there is one. The first
// error of `visit` ends it.
using SnapshotVisit = std::function<Result<void>(SnapshotNumber number, Result<Snapshot> snapshot)>;
Result<void> scan_snapshots(const Repository& repository, const std::vector<SnapshotNumber>& numbers,
                            const SnapshotVisit& visit);

}  // namespace holdfast::repository
