#include "holdfast/repository/content_anchors.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

TEST(ContentAnchors, AreFoundAgainWhereverTheContentMoves) {
    const Bytes content = random_bytes(1, 65536);
    const auto anchors = anchors_of(content);
    EXPECT_GT(anchors.size(), 65536u / 128 * 3 / 4);
    EXPECT_LT(anchors.size(), 65536u / 128 * 5 / 4);
    Bytes elsewhere = random_bytes(2, 65536);
    std::ranges::copy(ByteView(content).subspan(1000, 20000), elsewhere.begin() + 33333);
    std::vector<std::uint32_t> common;
    std::ranges::set_intersection(anchors, anchors_of(elsewhere), std::back_inserter(common));
    EXPECT_GT(common.size(), 20000u / 128 * 3 / 4);
    EXPECT_LT(common.size(), 20000u / 128 * 5 / 4);
}

TEST(ContentAnchors, OfLittleAreNone) {
    EXPECT_TRUE(anchors_of({}).empty());
    EXPECT_TRUE(anchors_of(random_bytes(1, 23)).empty());
}

TEST(ContentAnchors, OfZerosAreOneAtMost) { EXPECT_LE(anchors_of(Bytes(65536)).size(), 1u); }

}  // namespace
}  // namespace holdfast::repository
