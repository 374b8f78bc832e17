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
    bool keeps_snapshot = false;
};
// What is leased: the content, for its reader; or, besides, the snapshot itself, which is not forgotten or dropped then.
struct Leased {
    SnapshotNumber number;
    bool keeps_snapshot = false;
};
constexpr SnapshotNumber prune_lease{0};  // of no snapshot: what a prune leaves half done is known by it. Durable
Result<store::ObjectName> put_lease(store::ObjectStore& store, const Keys& keys, host::Random& random,
                                    const Leased& leased, const Presence& by);
Result<std::vector<LeaseSeen>> read_leases(store::ObjectStore& store, const Keys& keys);

}  // namespace holdfast::repository
