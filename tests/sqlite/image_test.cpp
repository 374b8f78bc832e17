#include "holdfast/sqlite/image.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

PageSize size_512() { return must(PageSize::from_bytes(512)); }

Bytes numbered_pages(std::uint32_t count) {
    Bytes bytes(std::size_t{count} * 512);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i / 512 + 1);
    return bytes;
}

TEST(MemoryImageTest, GivesRunsOfPages) {
    const auto image = memory_image(size_512(), numbered_pages(5));
    EXPECT_EQ(image->last_page(), PageNumber{5});
    EXPECT_EQ(image->size(), 5u * 512);
    Bytes two(1024);
    ASSERT_THAT(image->read({PageNumber{3}, 2}, two), Succeeds());
    EXPECT_EQ(two.front(), std::byte{3});
    EXPECT_EQ(two.back(), std::byte{4});
}

TEST(MemoryImageTest, RefusesWhatLeavesTheImage) {
    const auto image = memory_image(size_512(), numbered_pages(5));
    Bytes room(512 * 2);
    EXPECT_THAT(image->read({PageNumber{5}, 2}, room), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(image->read({PageNumber{0}, 2}, room), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(image->read({PageNumber{0xffffffff}, 2}, room), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(image->read({PageNumber{1}, 0}, {}), FailsWith(ErrorCode::invalid));
}

TEST(MemoryImageTest, MayBeEmpty) {
    const auto image = memory_image(size_512(), {});
    EXPECT_EQ(image->last_page(), PageNumber{0});
    EXPECT_EQ(must(plain_sha256(*image)), sha256({}));
}

TEST(PlainSha256Test, IsThatOfThePlainFile) {
    auto bytes = numbered_pages(5000);  // several steps, the last one not full
    blank_lock_page(size_512(), {PageNumber{1}, 5000}, bytes);
    EXPECT_EQ(must(plain_sha256(*memory_image(size_512(), bytes))), sha256(bytes));
}

TEST(BlankLockPageTest, TouchesNoOtherPage) {
    const PageSize size = must(PageSize::from_bytes(65536));
    const PageNumber lock = lock_page(size);
    Bytes pages(3 * 65536, std::byte{7});
    blank_lock_page(size, {PageNumber{lock.value - 3}, 3}, pages);
    blank_lock_page(size, {PageNumber{lock.value + 1}, 3}, pages);
    EXPECT_EQ(pages, Bytes(3 * 65536, std::byte{7}));
    blank_lock_page(size, {PageNumber{lock.value - 1}, 3}, pages);
    EXPECT_EQ(pages[65535], std::byte{7});
    EXPECT_TRUE(is_all_zero(std::span(pages).subspan(65536, 65536)));
    EXPECT_EQ(pages[2 * 65536], std::byte{7});
}

}  // namespace
}  // namespace holdfast::sqlite
