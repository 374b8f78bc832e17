// SeededRandom: randomness that a test can repeat.
#pragma once

#include <mutex>
#include <random>

#include "holdfast/host/random.h"

namespace holdfast::tests {

// Thread-safe, as the real one.
class SeededRandom final : public host::Random {
public:
    explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
    void fill(MutableByteView into) override {
        const std::lock_guard lock(mutex_);
        for (auto& byte : into) byte = static_cast<std::byte>(engine_() >> 56);
    }

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

}  // namespace holdfast::tests
