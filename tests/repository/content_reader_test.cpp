#include "holdfast/repository/content_reader.h"

#include <thread>

#include "repository/kept_tree.h"

namespace holdfast::repository {
namespace {

using ::testing::HasSubstr;
constexpr std::uint64_t extent = 65536;

class ContentReaders : public ::testing::TestWithParam<Sealing> {
protected:
    ContentReaders() { tree = keep_file(keeping, file); }
    static Bytes made_file() {
        Bytes made;
        for (std::uint64_t i = 0; i < 300; ++i) append(made, i % 4 == 3 ? random_bytes(i, extent) : row_like_bytes(i % 50, extent));
        append(made, random_bytes(1000, 1234));
        return made;
    }
    ContentReader reader() const {
        return {chunks, tree.content, tree.root_node ? std::vector<Bytes>{*tree.root_node} : std::vector<Bytes>{}};
    }
    Bytes part(std::uint64_t offset, std::uint64_t size) const {
        return {file.begin() + static_cast<std::ptrdiff_t>(offset), file.begin() + static_cast<std::ptrdiff_t>(offset + size)};
    }
    void hurt(std::uint64_t number) {
        const auto place = must(keeping.index->find(tree.ids[number])).at(0).place;
        keeping.store.flip_bit(pack_name(place.pack).text(), (place.offset + 500) * 8);
    }

    static const Bytes& the_file() {
        static const Bytes made = made_file();
        return made;
    }
    Keeping keeping{GetParam()};
    const Bytes& file = the_file();
    KeptTree tree;
    ChunkReader chunks{keeping.store, keeping.keys, *keeping.index};
};
INSTANTIATE_TEST_SUITE_P(Both, ContentReaders, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(ContentReaders, AnyRangeIsReadRight) {
    const auto content = reader();
    EXPECT_TRUE(rc::check([&] {
        const auto offset = *rc::gen::inRange<std::uint64_t>(0, file.size() + 1);
        const auto most = std::min<std::uint64_t>(file.size() - offset, *rc::gen::element<std::uint64_t>(0, 1, 4096, 100'000, 900'000));
        const auto size = *rc::gen::inRange<std::uint64_t>(0, most + 1);
        Bytes into(size);
        must(content.read(offset, into));
        RC_ASSERT(into == part(offset, size));
    }));
    Bytes whole(file.size());
    must(content.read(0, whole));
    EXPECT_EQ(whole, file);
}

TEST_P(ContentReaders, RunsOfExtentsAreReadRight) {
    const auto content = reader();
    for (const auto& [first, count] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 301}, {0, 1}, {64, 64}, {250, 51}, {300, 1}, {301, 0}}) {
        Bytes into(std::min(file.size(), (first + count) * extent) - std::min(file.size(), first * extent));
        must(content.read_extents(first, count, into));
        EXPECT_EQ(into, part(std::min(file.size(), first * extent), into.size()));
    }
}

TEST_P(ContentReaders, PastTheEndIsRefused) {
    const auto content = reader();
    Bytes into(10);
    EXPECT_THAT(content.read(file.size() - 9, into), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(content.read(~std::uint64_t{0}, into), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(content.read(file.size(), {}), Succeeds());
    EXPECT_THAT(content.read_extents(300, 2, into), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(content.read_extents(2, ~std::uint64_t{0}, into), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(content.read_extents(0, 1, into), FailsWith(ErrorCode::invalid));
}

TEST_P(ContentReaders, DamageNamesItsExtents) {
    hurt(7);
    hurt(103);
    const auto content = reader();
    Bytes into(4096), whole(file.size());
    const auto one = content.read(7 * extent + 100, into);
    ASSERT_THAT(one, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(one.error().message(), HasSubstr("extent 7"));
    const auto all = content.read_extents(0, 301, whole);
    ASSERT_THAT(all, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(all.error().message(), HasSubstr("extents 7, 103"));
    must(content.read(8 * extent, into));
    EXPECT_EQ(into, part(8 * extent, 4096));
}

TEST_P(ContentReaders, ADamagedNodeIsDamageOfItsExtents) {
    const Node root = must(decode_node(*tree.root_node));
    const auto place = must(keeping.index->find(root.children[1])).at(0).place;
    keeping.store.flip_bit(pack_name(place.pack).text(), (place.offset + 100) * 8);
    const auto content = reader();
    EXPECT_FALSE(content.extent_id(256));
    EXPECT_EQ(content.extent_id(255), tree.ids[255]);
    Bytes whole(file.size());
    const auto all = content.read_extents(0, 301, whole);
    ASSERT_THAT(all, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(all.error().message(), HasSubstr("extents 256, 257"));
    EXPECT_THAT(all.error().message(), HasSubstr("and 29 more"));
    EXPECT_TRUE(std::equal(whole.begin(), whole.begin() + 256 * extent, file.begin()));
}

TEST_P(ContentReaders, IdsAreThoseOfTheTree) {
    const auto content = reader();
    for (std::uint64_t i = 0; i < tree.ids.size(); ++i) EXPECT_EQ(content.extent_id(i), tree.ids[i]);
    EXPECT_FALSE(content.extent_id(301));
}

TEST_P(ContentReaders, PagesOfOneExtentCostOneRead) {
    const auto content = reader();
    Bytes page(4096);
    must(content.read(5 * extent, page));
    const auto reads = keeping.store.counts().reads;
    for (std::uint64_t i = 0; i < 16; ++i) {
        must(content.read(5 * extent + i * 4096, page));
        EXPECT_EQ(page, part(5 * extent + i * 4096, 4096));
    }
    EXPECT_EQ(keeping.store.counts().reads, reads);
}

TEST_P(ContentReaders, ManyThreadsReadAtOnce) {
    const auto content = reader();
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            Bytes page(4096), run(10 * extent);
            for (std::uint64_t i = 0; i < 200; ++i) {
                const std::uint64_t offset = (i * 7919 + thread * 104729) % (file.size() - 4096);
                EXPECT_THAT(content.read(offset, page), Succeeds());
                EXPECT_TRUE(page == part(offset, 4096));
            }
            EXPECT_THAT(content.read_extents(thread * 60, 10, run), Succeeds());
            EXPECT_TRUE(run == part(thread * 60 * extent, run.size()));
        });
    }
}

TEST_P(ContentReaders, SmallFilesHaveNoNodes) {
    for (const std::size_t size : {0u, 1u, 4096u, 65536u}) {
        const Bytes small = row_like_bytes(size, size);
        const KeptTree kept = keep_file(keeping, small);
        EXPECT_FALSE(kept.root_node);
        const ContentReader content(chunks, kept.content, {});
        Bytes into(size);
        must(content.read(0, into));
        EXPECT_EQ(into, small);
        must(content.read_extents(0, size == 0 ? 0 : 1, into));
        EXPECT_EQ(content.extent_id(0).has_value(), size > 0);
    }
}

TEST_P(ContentReaders, WithoutItsRootNodeNothingIsRead) {
    const ContentReader content(chunks, tree.content, {});
    Bytes into(10);
    EXPECT_THAT(content.read(0, into), FailsWith(ErrorCode::corrupt));
    Content impossible = tree.content;
    impossible.levels = 40;
    EXPECT_THAT(ContentReader(chunks, impossible, {}).read(0, into), FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(ContentReader(chunks, impossible, {}).extent_id(0));
}

}  // namespace
}  // namespace holdfast::repository
