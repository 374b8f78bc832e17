// Envelopes: how every small object lies in the store (docs/formats/repository.md, 3), kept once or twice.
#pragma once

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

struct Envelope {
    ObjectType type;
    Bytes record;
};
// `keys` null: plain whatever the repository (config, key slots).
Result<Bytes> seal_envelope(const Envelope& envelope, const store::ObjectName& name, const Keys* keys, host::Random& random);
// Proves the bytes and that they belong under that name. corrupt, too_new, denied (sealed, keys null).
Result<Envelope> open_envelope(ByteView object, const store::ObjectName& name, const Keys* keys);

// Reads and proves an object of the type. For twice-kept objects: `name`, then `name`.copy; the first that proves.
// `not_found` when neither exists; `corrupt` when what exists does not prove.
Result<Bytes> get_record(store::ObjectStore& store, const store::ObjectName& name, ObjectType type, const Keys* keys);
Result<Bytes> get_record_kept_twice(store::ObjectStore& store, const store::ObjectName& name, ObjectType type, const Keys* keys);
// name.copy first, then name: when `name` exists, both do. `exists` when name does.
Result<void> put_twice(store::ObjectStore& store, const store::ObjectName& name, ByteView sealed);
store::ObjectName copy_name(const store::ObjectName& name);

}  // namespace holdfast::repository
