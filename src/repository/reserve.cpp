#include "holdfast/repository/reserve.h"

namespace holdfast::repository {

store::ObjectName reserve_name() { return store::ObjectName("reserve"); }

void make_reserve(store::ObjectStore& store, host::Random& random) {
    constexpr std::size_t smallest = reserve_size / 16;
    // Random, so that no file system squeezes it into nothing.
    Bytes nothing = host::random_bytes(random, reserve_size);
    for (; nothing.size() >= smallest; nothing.resize(nothing.size() / 2)) {
        const auto put = store.put_if_absent(reserve_name(), nothing);
        if (put || put.error().code() != ErrorCode::full) return;
    }
}

Result<void> with_reserve(store::ObjectStore& store, host::Random& random, const std::function<Result<void>()>& put) {
    auto first = put();
    if (first || first.error().code() != ErrorCode::full) return first;
    TRY(store.remove(reserve_name()));
    auto second = put();
    make_reserve(store, random);
    return second;
}

}  // namespace holdfast::repository
