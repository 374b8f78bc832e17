// SeededRandom: randomness that a test can repeat.
#pragma once

#include <algorithm>
#include <cstring>
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
        for (std::size_t at = 0; at < into.size(); at += 8) {
            const std::uint64_t drawn = engine_();
            std::memcpy(into.data() + at, &drawn, std::min<std::size_t>(8, into.size() - at));
        }
    }

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

}  // namespace holdfast::tests
