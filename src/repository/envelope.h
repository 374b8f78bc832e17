// Envelopes: how every small object lies in the store (docs/formats/repository.md, 3), kept once or twice.
#pragma once

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

constexpr std::size_t envelope_header_size = 52;

struct Envelope {
    ObjectType type;
    Bytes record;
};
// `keys` null: plain whatever the repository (config, key slots).
Result<Bytes> seal_envelope(const Envelope& envelope, const store::ObjectName& name, const Keys* keys, host::Random& random);
// Proves the bytes and that they belong under that name (a twice-kept object's two names are one). corrupt (also when it
// is plain although the keys seal), too_new, denied (sealed, keys null).
Result<Envelope> open_envelope(ByteView object, const store::ObjectName& name, const Keys* keys);

// Reads and proves an object of the type. For twice-kept objects: `name`, then `name`.copy; the first that proves.
// `not_found` when neither exists; `corrupt` when what exists does not prove; a store's own failure comes first.
Result<Bytes> get_record(store::ObjectStore& store, const store::ObjectName& name, ObjectType type, const Keys* keys);
Result<Bytes> get_record_kept_twice(store::ObjectStore& store, const store::ObjectName& name, ObjectType type, const Keys* keys);
// name.copy first, then name, which decides: `exists` when somebody else's name is there. A copy left by a writer who
// died before its name is replaced, after the name.
Result<void> put_twice(store::ObjectStore& store, const store::ObjectName& name, ByteView sealed);
store::ObjectName copy_name(const store::ObjectName& name);

}  // namespace holdfast::repository
