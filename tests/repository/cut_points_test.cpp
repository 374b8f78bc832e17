// Where variable extents end: sizes within their bounds, the same places again after an edit, others under another key.
#include "holdfast/repository/cut_points.h"

#include <set>

#include "holdfast/base/limits.h"
#include "repository/worked_example.h"

namespace holdfast::repository {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

std::vector<ByteView> extents_of(const CutPoints& cuts, ByteView bytes) {
    std::vector<ByteView> extents;
    while (!bytes.empty()) {
        extents.push_back(bytes.first(cuts.first(bytes)));
        bytes = bytes.subspan(extents.back().size());
    }
    return extents;
}

std::set<Hash> names_of(const std::vector<ByteView>& extents) {
    std::set<Hash> names;
    for (const auto extent : extents) names.insert(sha256(extent));
    return names;
}

TEST(CutPoints, ExtentsAreAboutAsLargeAsUsual) {
    const CutPoints cuts(test_keys(Sealing::plain));
    for (const Bytes& content : {random_bytes(1, 32 * mebibyte), row_like_bytes(1, 32 * mebibyte)}) {
        const auto extents = extents_of(cuts, content);
        for (std::size_t i = 0; i + 1 < extents.size(); ++i) {
            EXPECT_GE(extents[i].size(), CutPoints::extent_min);
            EXPECT_LE(extents[i].size(), CutPoints::extent_max);
        }
        EXPECT_GT(content.size() / extents.size(), CutPoints::extent_usual * 3 / 4);
        EXPECT_LT(content.size() / extents.size(), CutPoints::extent_usual * 3 / 2);
    }
}

TEST(CutPoints, AnEditMovesOnlyTheCutsNearIt) {
    const CutPoints cuts(test_keys(Sealing::plain));
    const Bytes content = random_bytes(2, 16 * mebibyte);
    const auto before = names_of(extents_of(cuts, content));
    for (const std::size_t at : {std::size_t{0}, 5 * mebibyte, 16 * mebibyte - 10}) {
        Bytes edited = content;
        edited.insert(edited.begin() + static_cast<std::ptrdiff_t>(at), 100, std::byte{7});
        std::size_t other = 0;
        for (const auto& name : names_of(extents_of(cuts, edited))) if (!before.contains(name)) ++other;
        EXPECT_GE(other, 1u) << at;
        EXPECT_LE(other, 5u) << at;
    }
}

TEST(CutPoints, OnlyWhatLiesBeforeACutDecidesIt) {
    const CutPoints cuts(test_keys(Sealing::plain));
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Bytes content = random_bytes(seed, CutPoints::extent_max);
        const std::size_t cut = cuts.first(content);
        if (cut == content.size()) continue;
        std::ranges::copy(random_bytes(seed + 1000, content.size() - cut), content.begin() + static_cast<std::ptrdiff_t>(cut));
        EXPECT_EQ(cuts.first(content), cut);
    }
}

TEST(CutPoints, AnotherKeyCutsElsewhere) {
    const Bytes content = random_bytes(3, 8 * mebibyte);
    const CutPoints one(Keys::plain(test_key(1).view())), same(Keys::plain(test_key(1).view())), other(Keys::plain(test_key(2).view()));
    EXPECT_EQ(names_of(extents_of(one, content)), names_of(extents_of(same, content)));
    const auto names = names_of(extents_of(one, content));
    std::size_t common = 0;
    for (const auto& name : names_of(extents_of(other, content))) if (names.contains(name)) ++common;
    EXPECT_LE(common, 1u);
}

TEST(CutPoints, SmallAndEmptyContentIsOneExtent) {
    const CutPoints cuts(test_keys(Sealing::plain));
    EXPECT_EQ(cuts.first({}), 0u);
    EXPECT_EQ(cuts.first(random_bytes(1, 1)), 1u);
    EXPECT_EQ(cuts.first(random_bytes(1, CutPoints::extent_min)), CutPoints::extent_min);
    EXPECT_EQ(cuts.first(Bytes(2 * CutPoints::extent_max)), cuts.first_of_zeros());
}

TEST(CutPoints, NodesEndWithinTheirBounds) {
    std::size_t count = 0, nodes = 0;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        if (!ends_node(ChunkId{sha256(bytes_of(std::to_string(i)))}, ++count)) continue;
        EXPECT_GE(count, 32u);
        EXPECT_LE(count, limits::node_children_max);
        count = 0;
        ++nodes;
    }
    EXPECT_GT(nodes, 100'000u / 200);
    EXPECT_LT(nodes, 100'000u / 100);
}

}  // namespace
}  // namespace holdfast::repository
