// Randomness for keys, salts and names: the operating system's generator.
#pragma once

#include "holdfast/base/bytes.h"

namespace holdfast::host {

// Thread-safe: workers seal objects in parallel.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(MutableByteView into) = 0;
};
Random& system_random();

std::uint64_t random_u64(Random& random);
Bytes random_bytes(Random& random, std::size_t size);

}  // namespace holdfast::host
