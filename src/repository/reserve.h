// The reserve: a little room kept back, so that forgetting and pruning work on a full disk.
#pragma once

#include <functional>

#include "holdfast/host/random.h"
#include "holdfast/store/object_store.h"

namespace holdfast::repository {

constexpr std::size_t reserve_size = 1024 * 1024;

store::ObjectName reserve_name();

// Puts a reserve unless there is one: of reserve_size, or less where the place has less room. Failure is harmless.
void make_reserve(store::ObjectStore& store, host::Random& random);

// Runs `put`; when the place is full, gives up the reserve, runs it again, and makes a reserve of what room is left.
Result<void> with_reserve(store::ObjectStore& store, host::Random& random, const std::function<Result<void>()>& put);

}  // namespace holdfast::repository
