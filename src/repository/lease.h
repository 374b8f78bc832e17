// Leases: the objects leases/ID, by which a reader keeps a snapshot's chunks from being removed under it, and a prune
// shows that it is at work.
#pragma once

#include <optional>
#include <vector>

#include "holdfast/repository/keys.h"
#include "holdfast/repository/presence.h"

namespace holdfast::repository {

struct LeaseSeen {
    store::ObjectName name;
    std::optional<SnapshotNumber> number;  // none: it does not prove, as a power cut leaves it; nobody can be behind it
    Presence by;
};
constexpr SnapshotNumber prune_lease{0};  // of no snapshot: what a prune leaves half done is known by it. Durable
Result<store::ObjectName> put_lease(store::ObjectStore& store, const Keys& keys, host::Random& random,
                                    SnapshotNumber number, const Presence& by);
Result<std::vector<LeaseSeen>> read_leases(store::ObjectStore& store, const Keys& keys);

}  // namespace holdfast::repository
