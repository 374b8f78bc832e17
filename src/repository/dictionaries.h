// Dictionaries: compression dictionaries, each kept twice as objects of their own, named by what they hold.
#pragma once

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

store::ObjectName dictionary_name(const ChunkId& id);
// Durable, both objects, after success; also when they were there already and prove. At most dictionary_size_max.
Result<ChunkId> put_dictionary(store::ObjectStore& store, const Keys& keys, host::Random& random, ByteView bytes);
// Proven by its id. not_found, corrupt.
Result<Bytes> decode_dictionary(ByteView record);
Result<Bytes> get_dictionary(store::ObjectStore& store, const Keys& keys, const ChunkId& id);

}  // namespace holdfast::repository
