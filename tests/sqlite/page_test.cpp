#include "holdfast/sqlite/page.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

TEST(PageSizeTest, TakesThePowersOfTwoFrom512To65536) {
    for (std::uint32_t bytes = 512; bytes <= 65536; bytes *= 2) {
        const auto size = PageSize::from_bytes(bytes);
        ASSERT_THAT(size, Succeeds());
        EXPECT_EQ(size->bytes(), bytes);
    }
    for (const std::uint32_t bytes : {0u, 1u, 256u, 511u, 513u, 1000u, 65535u, 131072u, 0xffffffffu}) {
        EXPECT_THAT(PageSize::from_bytes(bytes), FailsWith(ErrorCode::corrupt)) << bytes;
    }
}

TEST(PageSizeTest, AStored1Means65536) {
    EXPECT_EQ(must(PageSize::from_stored(1)).bytes(), 65536u);
    EXPECT_EQ(must(PageSize::from_stored(4096)).bytes(), 4096u);
    for (const std::uint32_t stored : {0u, 2u, 256u, 65535u, 65536u}) {
        EXPECT_THAT(PageSize::from_stored(stored), FailsWith(ErrorCode::corrupt)) << stored;
    }
}

TEST(PageNumberTest, OffsetsPass4GiB) {
    EXPECT_EQ(offset_of(PageNumber{1}, must(PageSize::from_bytes(4096))), 0u);
    EXPECT_EQ(offset_of(PageNumber{0xfffffffe}, must(PageSize::from_bytes(65536))), 0xfffffffdull * 65536);
}

}  // namespace
}  // namespace holdfast::sqlite
