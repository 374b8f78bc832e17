// Contents of variable extents: whatever is edited comes back, and costs about what it is.
#include "holdfast/repository/variable_writer.h"

#include "holdfast/base/limits.h"
#include "holdfast/repository/check.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/cut_points.h"
#include "holdfast/repository/hash_cache.h"
#include "holdfast/repository/prune.h"
#include "repository/backups.h"
#include "repository/kept_tree.h"

namespace holdfast::repository {
namespace {

using namespace tests;

const std::string member = BackupOptions{}.member;

struct VariableOptions {
    bool remembers = true;
    bool use_parent = true;
    bool everything = false;
};

class VariableContents : public ::testing::TestWithParam<Sealing> {
protected:
    VariableContents() {
        program.create();
        program.open();
    }
    struct Kept {
        Snapshot snapshot;
        KeptVariable variable;
        const Content& content() const { return variable.kept.content; }
        std::uint64_t stored() const { return variable.kept.bytes_stored; }
    };
    static Kept keep(Program& by, const ByteSource& source, const VariableOptions& options = {}) {
        auto session = must(by.repository->begin("backup"));
        VariableRequest request{.like = options.remembers ? member : std::string(), .before = must(by.before({.use_parent = options.use_parent}))};
        request.everything = options.everything;
        Kept kept{.snapshot = {}, .variable = must(session->keep_variable(std::move(request), source, {}))};
        Snapshot draft;
        draft.time = draft.began = by.clock.now();
        draft.members.push_back(Program::entry_of(member, kept.variable.kept));
        kept.snapshot = must(session->commit(std::move(draft)));
        return kept;
    }
    Kept keep(const Bytes& bytes, const VariableOptions& options = {}) { return keep(program, BytesSource(bytes), options); }
    static Result<Bytes> restore(Program& by, SnapshotNumber number) {
        const Snapshot snapshot = TRY(by.repository->snapshot(number));
        TRY(by.repository->open_index());
        const auto reader = TRY(by.repository->open_content(snapshot.members.front()));
        Bytes bytes(reader->content().size);
        TRY(reader->read(0, bytes));
        return bytes;
    }
    void expect_kept(const Kept& kept, ByteView bytes) {
        Program other(store, GetParam(), 9);
        other.open();
        EXPECT_EQ(sha256(must(restore(other, kept.snapshot.number))), sha256(bytes));
    }
    std::uint64_t bytes_of_store() const {
        std::uint64_t bytes = 0;
        for (const auto& [name, content] : store.contents()) bytes += content.size();
        return bytes;
    }

    MemoryStore store;
    TemporaryFolder cache;
    Program program{store, GetParam(), 1, cache.path()};
};
INSTANTIATE_TEST_SUITE_P(Both, VariableContents, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(VariableContents, OfEverySizeComeBack) {
    for (const std::size_t size : {65'537u, 100'000u, 262'144u, 262'145u, 3'000'000u, 30'000'000u}) {
        for (const Bytes& bytes : {row_like_bytes(size, size), random_bytes(size, size), Bytes(size)}) {
            const auto kept = keep(bytes, {.remembers = false, .use_parent = false});
            EXPECT_EQ(kept.content().scheme, Scheme::variable);
            EXPECT_EQ(kept.content().levels > 0, kept.variable.kept.root_node.has_value());
            expect_kept(kept, bytes);
        }
    }
    auto session = must(program.repository->begin("backup"));
    EXPECT_THAT(session->keep_variable({}, BytesSource(Bytes(65'536)), {}), FailsWith(ErrorCode::invalid));
}

TEST_P(VariableContents, AnyPartCanBeRead) {
    const Bytes bytes = row_like_bytes(4, 20 * mebibyte);
    const auto kept = keep(bytes);
    EXPECT_EQ(kept.content().levels, 2u);
    const auto reader = must(program.repository->open_content(kept.snapshot.members.front()));
    std::mt19937_64 dice(1);
    for (int i = 0; i < 200; ++i) {
        const std::size_t at = dice() % bytes.size(), size = std::min(dice() % (i % 10 == 0 ? 6 * mebibyte : 5000), bytes.size() - at);
        Bytes part(size);
        must(reader->read(at, part));
        ASSERT_TRUE(std::ranges::equal(part, ByteView(bytes).subspan(at, size))) << at << " " << size;
    }
    EXPECT_FALSE(reader->extent_id(0));
    Bytes all(bytes.size());
    EXPECT_THAT(reader->read_extents(0, 1, all), FailsWith(ErrorCode::invalid));
}

TEST_P(VariableContents, UnchangedContentCostsNothing) {
    const Bytes bytes = row_like_bytes(5, 12 * mebibyte);
    const auto first = keep(bytes);
    for (const VariableOptions& options : {VariableOptions{}, VariableOptions{.remembers = false}, VariableOptions{.everything = true}}) {
        const auto again = keep(bytes, options);
        EXPECT_EQ(again.content(), first.content());
        EXPECT_EQ(again.stored(), 0u);
        EXPECT_EQ(again.variable.kept.extents_changed, 0u);
    }
}

TEST_P(VariableContents, WhatIsPutInFrontCostsAboutWhatItIs) {
    Bytes bytes = random_bytes(6, 20 * mebibyte);
    keep(bytes);
    for (const bool remembers : {true, false}) {
        bytes.insert(bytes.begin(), 100, static_cast<std::byte>(remembers));
        const auto kept = keep(bytes, {.remembers = remembers});
        expect_kept(kept, bytes);
        EXPECT_LT(kept.stored(), 8'000u);  // a patch, and a node or two as patches
        EXPECT_LE(kept.variable.kept.extents_changed, 4u);
    }
}

TEST_P(VariableContents, AnAppendCostsItsSize) {
    Bytes bytes = random_bytes(7, 20 * mebibyte);
    keep(bytes);
    for (std::uint64_t i = 0; i < 3; ++i) {
        append(bytes, random_bytes(100 + i, 300'000));
        const auto kept = keep(bytes);
        expect_kept(kept, bytes);
        EXPECT_LT(kept.stored(), 300'000u + 70'000u);  // the last extent may be stored again with what follows it
    }
}

TEST_P(VariableContents, LinesChangedInTheMiddleCostALittleEach) {
    Bytes bytes = row_like_bytes(8, 20 * mebibyte);
    keep(bytes);
    for (std::size_t i = 0; i < 20; ++i) {
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(8 * mebibyte + i * 100'000);
        bytes.erase(at, at + 10);
        const Bytes line = random_bytes(i, 30);
        bytes.insert(at, line.begin(), line.end());
    }
    const auto kept = keep(bytes);
    expect_kept(kept, bytes);
    EXPECT_LT(kept.stored(), 20'000u);
}

// What has gone from here stands there: all of it is found by what it holds.
TEST_P(VariableContents, WhatMovesIsFound) {
    const Bytes bytes = random_bytes(9, 20 * mebibyte);
    keep(bytes);
    Bytes moved = copy_of(ByteView(bytes).subspan(7'000'001));
    append(moved, ByteView(bytes).first(7'000'001));
    const auto kept = keep(moved);
    expect_kept(kept, moved);
    EXPECT_LT(kept.stored(), 60'000u);
}

// More that is new than waits at once, between what is old.
TEST_P(VariableContents, MuchThatIsNewIsKeptToo) {
    Bytes bytes = random_bytes(10, 10 * mebibyte);
    keep(bytes);
    const Bytes more = random_bytes(11, 40 * mebibyte);
    bytes.insert(bytes.begin() + 5'000'000, more.begin(), more.end());
    const auto kept = keep(bytes);
    expect_kept(kept, bytes);
    EXPECT_LT(kept.stored(), 41u * mebibyte);
}

TEST_P(VariableContents, ZerosAndHolesCostNothing) {
    const Bytes data = random_bytes(12, 200'000);
    const HoledSource source(std::uint64_t{10} << 30, (std::uint64_t{5} << 30) + 12'345, data);
    const auto kept = keep(program, source);
    EXPECT_LT(kept.stored(), 260'000u);
    EXPECT_LT(kept.variable.kept.bytes_read, 8u * mebibyte);
    const auto reader = must(program.repository->open_content(kept.snapshot.members.front()));
    const std::uint64_t begins = reader->next_data(0), ends = reader->next_data(begins + 2 * mebibyte);
    EXPECT_GT(begins, (std::uint64_t{5} << 30) - mebibyte);
    EXPECT_LE(begins, (std::uint64_t{5} << 30) + 12'345);
    EXPECT_GE(ends, (std::uint64_t{10} << 30) - mebibyte);
    Bytes part(4 * mebibyte), expected(4 * mebibyte);
    must(reader->read((std::uint64_t{5} << 30) - mebibyte, part));
    must(HoledSource(source).read((std::uint64_t{5} << 30) - mebibyte, expected));
    EXPECT_TRUE(part == expected);
    EXPECT_EQ(keep(program, source).stored(), 0u);
}

// --- the local cache ---

TEST_P(VariableContents, ALyingCacheIsFoundOut) {
    Bytes bytes = random_bytes(13, 12 * mebibyte);
    const auto first = keep(bytes);
    const HashCachePlace place{.folder = cache.path(), .repository = program.repository->config().id.hex(), .like = member};
    auto known = read_hash_cache(host::posix_file_system(), place, first.content()).value();
    EXPECT_EQ(known.unit, 0u);
    // It says of other bytes that they are what was kept.
    Bytes other = bytes;
    const CutPoints cuts(program.repository->keys());
    std::size_t at = 0, flipped = 0;
    for (std::size_t i = 0; i < known.extents.size(); ++i) {
        const std::size_t size = cuts.first(ByteView(bytes).subspan(at));
        other[at + 5] ^= std::byte{1};
        const auto extent = ByteView(other).subspan(at, size);
        if (cuts.first(ByteView(other).subspan(at)) == size) ++flipped;
        known.extents[i] = fingerprint(extent, known.seed);
        at += size;
    }
    ASSERT_EQ(flipped, known.extents.size());
    must(write_hash_cache(program.host(), place, known, first.content()));
    const auto kept = keep(other);
    ASSERT_EQ(kept.variable.warnings.size(), 1u);
    EXPECT_THAT(kept.variable.warnings.front(), ::testing::HasSubstr("was wrong"));
    expect_kept(kept, other);
}

TEST_P(VariableContents, ACacheOfAnotherContentIsNone) {
    const Bytes bytes = random_bytes(14, 6 * mebibyte), other = random_bytes(15, 6 * mebibyte);
    const auto first = keep(bytes), second = keep(other);
    const HashCachePlace place{.folder = cache.path(), .repository = program.repository->config().id.hex(), .like = member};
    auto& files = host::posix_file_system();
    EXPECT_FALSE(read_hash_cache(files, place, first.content()));
    EXPECT_TRUE(read_hash_cache(files, place, second.content()));
    Content fixed = second.content();
    fixed.scheme = Scheme::fixed;
    EXPECT_FALSE(read_hash_cache(files, place, fixed));
}

// --- damage ---

TEST_P(VariableContents, DamageIsToldByItsBytes) {
    const Bytes bytes = random_bytes(16, 12 * mebibyte);
    const auto kept = keep(bytes);
    const auto pack = store.names("packs/").front();
    store.flip_bit(pack, 40 * mebibyte);
    Program other(store, GetParam(), 3);
    other.open();
    const auto report = must(check(*other.repository, {}, {}));
    ASSERT_EQ(report.ranges.size(), 1u);
    const auto range = report.ranges.front();
    EXPECT_EQ(range.object, pack);
    EXPECT_LT(range.offset, 5 * mebibyte);
    EXPECT_GT(range.offset + range.size, 5 * mebibyte - CutPoints::extent_max);
    EXPECT_LE(range.size, CutPoints::extent_max);
    const auto reader = must(other.repository->open_content(kept.snapshot.members.front()));
    Bytes part(mebibyte);
    EXPECT_THAT(reader->read(range.offset, MutableByteView(part).first(1)), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(reader->read(range.offset - 1000, part), FailsWith(ErrorCode::corrupt));
    must(reader->read(range.offset - 1000, MutableByteView(part).first(1000)));
    EXPECT_TRUE(std::ranges::equal(ByteView(part).first(1000), ByteView(bytes).subspan(range.offset - 1000, 1000)));
    must(reader->read(range.offset + range.size, part));
    EXPECT_TRUE(std::ranges::equal(part, ByteView(bytes).subspan(range.offset + range.size, mebibyte)));
    // The next backup stores again what is read and cannot be proven.
    auto session = must(other.repository->begin("backup", Repository::Trust::what_proves));
    auto healed = must(session->keep_variable({.like = {}, .before = must(other.before({}))}, BytesSource(bytes), {}));
    EXPECT_GT(healed.kept.bytes_stored, range.size);
}

TEST_P(VariableContents, ADamagedTreeBeforeIsDoneWithout) {
    Bytes bytes = random_bytes(17, 20 * mebibyte);
    const auto first = keep(bytes);
    const Node root = must(decode_node(*first.variable.kept.root_node));
    ASSERT_EQ(root.level, 2u);
    const auto place = must(program.repository->index().find(root.children[0])).at(0).place;
    store.flip_bit(pack_name(place.pack).text(), (place.offset + 200) * 8);
    Program other(store, GetParam(), 4);
    other.open();
    const auto kept = keep(other, BytesSource(bytes), {.remembers = false});
    ASSERT_EQ(kept.variable.warnings.size(), 1u);
    EXPECT_THAT(kept.variable.warnings.front(), ::testing::HasSubstr("damaged"));
    EXPECT_EQ(kept.content(), first.content());
}

TEST_P(VariableContents, PruneKeepsWhatIsNeeded) {
    Bytes bytes = random_bytes(18, 20 * mebibyte);
    const auto first = keep(bytes);
    std::ranges::copy(random_bytes(19, 6 * mebibyte), bytes.begin() + 3'000'000);
    bytes.insert(bytes.begin() + 10, 77, std::byte{3});
    const auto second = keep(bytes);
    const auto before = bytes_of_store();
    must(prune(*program.repository, {.drop = {first.snapshot.number}}, {}));
    EXPECT_LT(bytes_of_store(), before);
    expect_kept(second, bytes);
    EXPECT_TRUE(must(check(*program.repository, {}, {})).good());
}

// --- nodes from outside ---

class VariableTrees : public ::testing::Test {
protected:
    static Node node_of(std::uint8_t level, const std::vector<std::uint64_t>& sizes) {
        Node node{.level = level, .children = {}, .scheme = Scheme::variable, .sizes = sizes};
        for (std::size_t i = 0; i < sizes.size(); ++i) node.children.push_back(ChunkId{sha256(bytes_of(std::to_string(i)))});
        return node;
    }
    Result<void> walk(const Node& root, std::uint64_t size) {
        const Bytes bytes = encode_node(root);
        const Content content{.size = size, .levels = root.level, .root = keeping.name_of(bytes, ChunkType::node), .scheme = Scheme::variable};
        const ChunkReader chunks(keeping.store, keeping.keys, *keeping.index);
        NodeSource nodes(chunks);
        nodes.add_copy(*content.root, bytes);
        seen.clear();
        TreeWalk steps;
        steps.extent = [&](const ByteRange& at, const ChunkId&) -> Result<void> {
            seen.push_back(at);
            return {};
        };
        Bytes one(1);
        const auto read = ContentReader(chunks, content, {bytes}).read(size - 1, one);
        EXPECT_EQ(read.error().code(), ErrorCode::corrupt);  // its extents are nowhere, at best
        return walk_tree(nodes, content, steps);
    }
    Keeping keeping{Sealing::plain};
    std::vector<ByteRange> seen;
};

TEST_F(VariableTrees, NodesAreWrittenAndRead) {
    for (const std::uint8_t level : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{7}}) {
        const Node node = node_of(level, {1, 16'384, 1'048'576});
        const Bytes bytes = encode_node(node);
        EXPECT_EQ(bytes.size(), 4u + 3 * (32 + (level == 1 ? 4 : 8)));
        const Node read = must(decode_node(bytes));
        EXPECT_EQ(read.scheme, Scheme::variable);
        EXPECT_EQ(read.children, node.children);
        EXPECT_EQ(read.sizes, node.sizes);
        EXPECT_THAT(decode_node(ByteView(bytes).first(bytes.size() - 1)), FailsWith(ErrorCode::corrupt));
        Bytes fixed = bytes;
        fixed[1] = std::byte{0};
        EXPECT_THAT(decode_node(fixed), FailsWith(ErrorCode::corrupt));
    }
    EXPECT_THAT(decode_node(encode_node(node_of(1, {5, 0}))), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_node(encode_node(node_of(1, {1'048'577}))), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_node(encode_node(node_of(2, {5, 0}))), FailsWith(ErrorCode::corrupt));
}

TEST_F(VariableTrees, ContentsThatContradictThemselvesAreDamaged) {
    const ChunkId root{sha256({})};
    const auto decoded = [&](std::uint64_t size, std::uint32_t levels) {
        return decode_content(encode_content({.size = size, .levels = levels, .root = root, .scheme = Scheme::variable}));
    };
    EXPECT_THAT(decoded(65'537, 0), Succeeds());
    EXPECT_THAT(decoded(65'537, 1), Succeeds());
    EXPECT_THAT(decoded(~std::uint64_t{0}, 7), Succeeds());
    for (const auto& [size, levels] : std::vector<std::pair<std::uint64_t, std::uint32_t>>{{65'536, 0}, {65'536, 1}, {1'048'577, 0}, {100'000, 8}, {100'000, 4'000'000}}) {
        EXPECT_THAT(decoded(size, levels), FailsWith(ErrorCode::corrupt)) << size << " " << levels;
    }
    EXPECT_THAT(decode_content(encode_content({.size = 0, .levels = 1, .root = {}, .scheme = Scheme::variable})), FailsWith(ErrorCode::corrupt));
}

TEST_F(VariableTrees, SizesMustAddUp) {
    EXPECT_THAT(walk(node_of(1, {60'000, 40'000}), 100'000), Succeeds());
    EXPECT_EQ(seen, (std::vector<ByteRange>{{.offset = 0, .size = 60'000}, {.offset = 60'000, .size = 40'000}}));
    for (const std::uint64_t size : {99'999u, 100'001u, 160'000u}) {
        EXPECT_THAT(walk(node_of(1, {60'000, 40'000}), size), FailsWith(ErrorCode::corrupt)) << size;
        EXPECT_TRUE(seen.empty());
    }
    // Sums that would come round to what is expected.
    EXPECT_THAT(walk(node_of(2, {~std::uint64_t{0}, 100'001}), 100'000), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(walk(node_of(3, {std::uint64_t{1} << 63, std::uint64_t{1} << 63, 100'000}), 100'000), FailsWith(ErrorCode::corrupt));
    EXPECT_TRUE(seen.empty());
}

TEST_F(VariableTrees, ANodeOfTheOtherSchemeIsDamage) {
    Node fixed = node_of(1, {65'536, 34'464});
    fixed.scheme = Scheme::fixed;
    fixed.sizes.clear();
    EXPECT_THAT(walk(fixed, 100'000), FailsWith(ErrorCode::corrupt));
}

// --- random edits ---

void edit(Bytes& content, std::uint64_t kind, std::uint64_t where, std::uint64_t size, std::uint64_t seed) {
    const auto at = static_cast<std::ptrdiff_t>(where % content.size());
    const auto length = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(size, content.size() - static_cast<std::size_t>(at)));
    const Bytes some = seed % 2 == 0 ? random_bytes(seed, size) : row_like_bytes(seed, size);
    switch (kind) {
        case 0: content.insert(content.begin() + at, some.begin(), some.end()); break;
        case 1: content.erase(content.begin() + at, content.begin() + at + length); break;
        case 2: append(content, some); break;
        case 3: std::rotate(content.begin(), content.begin() + at, content.end()); break;
        case 4: std::fill(content.begin() + at, content.begin() + at + length, std::byte{0}); break;
        default: std::copy_n(some.begin(), length, content.begin() + at); break;
    }
    if (content.size() <= limits::extent_size) append(content, random_bytes(seed, 2 * limits::extent_size));
}

// Kept step by step, with the cache or without, a content has the name that it has when it is kept for the first time.
TEST_P(VariableContents, WhateverIsEditedComesBackAndHasOneName) {
    EXPECT_TRUE(rc::check([&] {
        MemoryStore place;
        const TemporaryFolder folder;
        Program one(place, GetParam(), *rc::gen::inRange<std::uint64_t>(0, 1000), folder.path());
        one.create();
        one.open();
        Bytes content = row_like_bytes(*rc::gen::inRange<std::uint64_t>(0, 1000), *rc::gen::inRange<std::size_t>(65'537, 5'000'000));
        std::map<std::uint64_t, Hash> kept;
        const auto rounds = *rc::gen::inRange(1, 6);
        for (int round = 0; round < rounds; ++round) {
            const auto step = keep(one, BytesSource(content), {.remembers = *rc::gen::inRange(0, 4) != 0});
            const auto anew = keep(one, BytesSource(content), {.remembers = false, .use_parent = false});
            RC_ASSERT(step.content() == anew.content());
            RC_ASSERT(step.variable.warnings.empty());
            kept[step.snapshot.number.value] = sha256(content);
            const auto edits = *rc::gen::inRange(0, 4);
            for (int i = 0; i < edits; ++i) {
                edit(content, *rc::gen::inRange<std::uint64_t>(0, 6), *rc::gen::arbitrary<std::uint64_t>(),
                     *rc::gen::inRange<std::uint64_t>(0, *rc::gen::element(10ul, 5000ul, 400'000ul)), *rc::gen::arbitrary<std::uint32_t>());
            }
        }
        Program other(place, GetParam(), 5);
        other.open();
        for (const auto& [number, hash] : kept) RC_ASSERT(sha256(must(restore(other, {number}))) == hash);
        RC_ASSERT(must(check(*other.repository, {}, {})).good());
    }));
}

}  // namespace
}  // namespace holdfast::repository
