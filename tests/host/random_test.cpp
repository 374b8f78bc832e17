#include "holdfast/host/random.h"

#include <gtest/gtest.h>

#include <set>

namespace holdfast::host {
namespace {

TEST(SystemRandom, DoesNotRepeatItself) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random_u64(system_random()));
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(SystemRandom, FillsTheWholeOfIt) {
    const auto bytes = random_bytes(system_random(), 100'000);
    ASSERT_EQ(bytes.size(), 100'000u);
    // Every kilobyte has many values: no part was left as it was.
    for (std::size_t at = 0; at + 1000 <= bytes.size(); at += 1000) {
        const auto part = ByteView(bytes).subspan(at, 1000);
        EXPECT_GT(std::set<std::byte>(part.begin(), part.end()).size(), 200u);
    }
}

}  // namespace
}  // namespace holdfast::host
