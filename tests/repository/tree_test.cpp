#include "holdfast/repository/tree.h"

#include <map>

#include "holdfast/base/limits.h"
#include "repository/kept_tree.h"

namespace holdfast::repository {
namespace {

constexpr std::uint64_t extent = limits::extent_size;

TEST(Contents, LevelsFollowFromTheSize) {
    const std::map<std::uint64_t, std::uint32_t> levels{
        {0, 0}, {1, 0}, {extent, 0}, {extent + 1, 1}, {256 * extent, 1}, {256 * extent + 1, 2}, {65536 * extent, 2},
        {65536 * extent + 1, 3}, {~std::uint64_t{0}, 6}};
    for (const auto& [size, expected] : levels) EXPECT_EQ(levels_of(size), expected) << size;
    EXPECT_EQ(extents_of(0), 0u);
    EXPECT_EQ(extents_of(1), 1u);
    EXPECT_EQ(extents_of(extent), 1u);
    EXPECT_EQ(extents_of(extent + 1), 2u);
    EXPECT_EQ(extents_of(~std::uint64_t{0}), std::uint64_t{1} << 48);
    EXPECT_EQ(extent_bytes(extent + 5, 0), extent);
    EXPECT_EQ(extent_bytes(extent + 5, 1), 5u);
    EXPECT_EQ(extent_bytes(2 * extent, 1), extent);
}

TEST(Contents, WhatIsWrittenIsReadAgain) {
    EXPECT_TRUE(rc::check([](std::uint64_t size) {
        const Content content{.size = size,
                              .levels = levels_of(size),
                              .root = size == 0 ? std::nullopt : std::optional(ChunkId{sha256({})})};
        RC_ASSERT(must(decode_content(encode_content(content))) == content);
    }));
}

TEST(Contents, ThatContradictThemselvesAreDamaged) {
    const ChunkId root{sha256({})};
    for (const Content& bad : {Content{.size = 5, .levels = 1, .root = root}, Content{.size = 5, .levels = 0, .root = {}},
                               Content{.size = 0, .levels = 0, .root = root}, Content{.size = 257 * extent, .levels = 1, .root = root},
                               Content{.size = 5, .levels = 4'000'000, .root = root}}) {
        EXPECT_THAT(decode_content(encode_content(bad)), FailsWith(ErrorCode::corrupt));
    }
    RecordWriter later;
    later.number(1, 2);
    EXPECT_THAT(decode_content(std::move(later).take()), FailsWith(ErrorCode::too_new));
}

TEST(Nodes, WhatIsWrittenIsReadAgain) {
    for (const std::size_t count : {1u, 2u, 255u, 256u}) {
        Node node{.level = 3, .children = {}};
        for (std::size_t i = 0; i < count; ++i) node.children.push_back(ChunkId{sha256(random_bytes(i, 8))});
        const Bytes bytes = encode_node(node);
        EXPECT_EQ(bytes.size(), 4 + 32 * count);
        const Node read = must(decode_node(bytes));
        EXPECT_EQ(read.level, 3);
        EXPECT_EQ(read.children, node.children);
        EXPECT_THAT(decode_node(ByteView(bytes).first(bytes.size() - 1)), FailsWith(ErrorCode::corrupt));
    }
}

TEST(Nodes, MalformedOnesAreDamaged) {
    const Bytes good = encode_node({.level = 1, .children = {ChunkId{}}});
    for (const auto& [at, value] : std::map<std::size_t, int>{{0, 0}, {0, 8}, {1, 1}, {1, 2}, {2, 0}, {2, 2}, {3, 1}}) {
        Bytes bad = good;
        bad[at] = std::byte(value);
        EXPECT_THAT(decode_node(bad), FailsWith(ErrorCode::corrupt)) << at << "=" << value;
    }
    EXPECT_THAT(decode_node({}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_node(Bytes(4 + 32 * 257, std::byte{1})), FailsWith(ErrorCode::corrupt));
}

ByteRange extents(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t most = ~std::uint64_t{0} / extent;
    return {.offset = std::min(first, most) * extent, .size = std::min(count, most - std::min(first, most)) * extent};
}

class Trees : public ::testing::TestWithParam<Sealing> {
protected:
    // The ids of the extents walked over, by number.
    static std::map<std::uint64_t, ChunkId> walk(const NodeSource& nodes, const KeptTree& tree, std::uint64_t first, std::uint64_t count) {
        std::map<std::uint64_t, ChunkId> seen;
        TreeWalk steps;
        steps.extent = [&](const ByteRange& at, const ChunkId& id) -> Result<void> {
            const std::uint64_t number = at.offset / extent;
            EXPECT_TRUE(seen.empty() || seen.rbegin()->first + 1 == number);
            EXPECT_EQ(at, (ByteRange{.offset = number * extent, .size = extent_bytes(tree.content.size, number)}));
            seen[number] = id;
            return {};
        };
        must(walk_tree(nodes, tree.content, extents(first, count), steps));
        return seen;
    }
    Keeping keeping{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Both, Trees, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Trees, EveryExtentIsVisitedOnceInOrder) {
    for (const std::uint64_t extents : {0u, 1u, 2u, 255u, 256u, 257u, 513u, 1000u, 65536u, 65537u}) {
        const KeptTree tree = keep_ids(keeping, extents, extents == 0 ? 0 : extents * extent - 7);
        const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
        NodeSource nodes(chunks);
        if (tree.root_node) nodes.add_copy(*tree.content.root, *tree.root_node);
        const auto all = walk(nodes, tree, 0, ~std::uint64_t{0});
        ASSERT_EQ(all.size(), extents);
        for (const auto& [number, id] : all) EXPECT_EQ(id, tree.ids[number]);
        for (const auto& [first, count] : std::map<std::uint64_t, std::uint64_t>{{0, 1}, {1, 3}, {250, 10}, {255, 300}, {999, 5}, {65535, 9}}) {
            const auto some = walk(nodes, tree, first, count);
            EXPECT_EQ(some.size(), first >= extents ? 0 : std::min(count, extents - first)) << extents << " from " << first;
            for (const auto& [number, id] : some) EXPECT_EQ(id, tree.ids[number]);
        }
    }
}

TEST_P(Trees, ReadsOnlyTheNodesItNeeds) {
    const KeptTree tree = keep_ids(keeping, 65536, 65536 * extent);
    const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
    NodeSource nodes(chunks);
    nodes.add_copy(*tree.content.root, *tree.root_node);
    std::vector<ChunkId> entered;
    TreeWalk steps;
    steps.extent = [](const ByteRange&, const ChunkId&) -> Result<void> { return {}; };
    steps.enter = [&](const ChunkId& id) -> Result<bool> {
        entered.push_back(id);
        return true;
    };
    must(walk_tree(nodes, tree.content, extents(1000, 30), steps));
    EXPECT_EQ(entered.size(), 3u);  // the root, and the two leaves on either side of 1024
    entered.clear();
    steps.enter = [&](const ChunkId& id) -> Result<bool> {
        entered.push_back(id);
        return id == *tree.content.root;
    };
    steps.extent = [](const ByteRange&, const ChunkId&) -> Result<void> { return fail(ErrorCode::bug, "all were skipped"); };
    must(walk_tree(nodes, tree.content, extents(0, 65536), steps));
    EXPECT_EQ(entered.size(), 257u);
}

TEST_P(Trees, DamagedNodesAreToldWithWhatTheySpan) {
    const KeptTree tree = keep_ids(keeping, 1000, 1000 * extent);
    const Node root = must(decode_node(*tree.root_node));
    const auto place = must(keeping.index->find(root.children[2])).at(0).place;
    keeping.store.flip_bit(pack_name(place.pack).text(), (place.offset + 200) * 8);
    const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
    NodeSource nodes(chunks);
    nodes.add_copy(*tree.content.root, *tree.root_node);
    std::uint64_t visited = 0;
    std::vector<ByteRange> damaged;
    TreeWalk steps;
    steps.extent = [&](const ByteRange& at, const ChunkId& id) -> Result<void> {
        EXPECT_EQ(id, tree.ids[at.offset / extent]);
        ++visited;
        return {};
    };
    EXPECT_THAT(walk_tree(nodes, tree.content, extents(0, 1000), steps), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(visited, 512u);
    visited = 0;
    steps.damaged = [&](const ByteRange& below, const Error& why) {
        EXPECT_EQ(why.code(), ErrorCode::corrupt);
        damaged.push_back(below);
    };
    must(walk_tree(nodes, tree.content, extents(0, 1000), steps));
    EXPECT_EQ(visited, 744u);
    EXPECT_EQ(damaged, std::vector<ByteRange>{extents(512, 256)});
    must(walk_tree(nodes, tree.content, extents(600, 10), steps));
    EXPECT_EQ(damaged.back(), extents(600, 10));
    must(walk_tree(nodes, tree.content, extents(700, 200), steps));
    EXPECT_EQ(damaged.back(), extents(700, 68));
}

TEST_P(Trees, TheCopyOfARootIsBelievedOnlyIfItProves) {
    const KeptTree tree = keep_ids(keeping, 300, 300 * extent);
    const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
    NodeSource forged(chunks);
    forged.add_copy(*tree.content.root, flipped(*tree.root_node, 300));
    EXPECT_THAT(forged.read(*tree.content.root), FailsWith(ErrorCode::not_found));
    NodeSource nodes(chunks);
    nodes.add_copy(*tree.content.root, *tree.root_node);
    EXPECT_THAT(nodes.read(*tree.content.root), Succeeds());
}

// All nodes prove, but they are not of one file: a node of another level, or with more or fewer children.
TEST_P(Trees, NodesOfAnotherShapeAreDamage) {
    const KeptTree tree = keep_ids(keeping, 600, 600 * extent);
    const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
    NodeSource nodes(chunks);
    nodes.add_copy(*tree.content.root, *tree.root_node);
    TreeWalk steps;
    steps.extent = [](const ByteRange&, const ChunkId&) -> Result<void> { return {}; };
    for (const std::uint64_t size : {513 * extent, 601 * extent, 512 * extent, 1000 * extent}) {
        const Content other{.size = size, .levels = levels_of(size), .root = tree.content.root};
        EXPECT_THAT(walk_tree(nodes, other, extents(0, 9999), steps), FailsWith(ErrorCode::corrupt)) << size;
    }
    const Content leaf_as_root{.size = 600 * extent, .levels = 2, .root = must(decode_node(*tree.root_node)).children[0]};
    EXPECT_THAT(walk_tree(nodes, leaf_as_root, extents(0, 9999), steps), FailsWith(ErrorCode::corrupt));
    Content no_levels = tree.content;
    no_levels.levels = 0;
    EXPECT_THAT(walk_tree(nodes, no_levels, extents(0, 9999), steps), FailsWith(ErrorCode::corrupt));
}

TEST_P(Trees, AVisitorsErrorEndsTheWalk) {
    const KeptTree tree = keep_ids(keeping, 600, 600 * extent);
    const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
    NodeSource nodes(chunks);
    nodes.add_copy(*tree.content.root, *tree.root_node);
    int visits = 0;
    TreeWalk steps;
    steps.extent = [&](const ByteRange&, const ChunkId&) -> Result<void> {
        if (++visits == 300) return fail(ErrorCode::cancelled, "enough");
        return {};
    };
    steps.damaged = [](const ByteRange&, const Error&) { FAIL() << "nothing is damaged"; };
    EXPECT_THAT(walk_tree(nodes, tree.content, extents(0, 600), steps), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(visits, 300);
}

}  // namespace
}  // namespace holdfast::repository
