// Leases: the objects leases/ID, by which a reader keeps a snapshot's chunks from being removed under it.
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
Result<store::ObjectName> put_lease(store::ObjectStore& store, const Keys& keys, host::Random& random,
                                    SnapshotNumber number, const Presence& by);
Result<std::vector<LeaseSeen>> read_leases(store::ObjectStore& store, const Keys& keys);

}  // namespace holdfast::repository
