#include "holdfast/host/random.h"

#include <sys/random.h>

#include <cstring>

#include "holdfast/host/descriptor.h"

namespace holdfast::host {
namespace {

class SystemRandom final : public Random {
public:
    void fill(MutableByteView into) override {
        while (!into.empty()) {
            const auto got = uninterrupted([&] { return ::getrandom(into.data(), into.size(), 0); });
            HOLDFAST_ASSERT(got > 0);  // it cannot fail on a system that we run on, and no key may be made without it
            into = into.subspan(static_cast<std::size_t>(got));
        }
    }
};

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return random;
}

std::uint64_t random_u64(Random& random) {
    std::byte bytes[sizeof(std::uint64_t)];
    random.fill(bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

Bytes random_bytes(Random& random, std::size_t size) {
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
}

}  // namespace holdfast::host
