#include "holdfast/repository/pack.h"

#include <map>

#include "holdfast/base/wire.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

// What a reader gets out of a pack's bytes: chunks that prove, and how much damage the walk told of.
struct ReadPack {
    std::map<ChunkId, Bytes> proven;
    std::vector<std::uint32_t> slots;
    std::size_t entries = 0;
    std::size_t damage = 0;
};

ReadPack read_all(ByteView pack, const Keys& keys) {
    ReadPack read;
    const auto header = open_pack_header(pack.first(std::min(pack.size(), pack_header_size)), keys);
    Decompressor decompressor;
    PackWalk walk;
    walk.entry = [&](std::uint32_t offset, const EntryHeader& entry) {
        ++read.entries;
        read.slots.push_back(entry.slot);
        Bytes room, plain(entry.plain_size);
        if (!header || !entry.bases.empty()) return;
        const auto payload = unseal_payload(*header, entry, pack.subspan(offset, entry.stored_size()), room);
        if (!payload) return;
        if (!decode_payload(entry, *payload, {.decompressor = decompressor, .bases = {}}, plain)) return;
        if (keys.name_of(entry.type, plain) == entry.id) read.proven[entry.id] = plain;
    };
    walk.damage = [&](std::uint32_t offset, std::uint32_t size, const Error&) {
        EXPECT_LE(std::size_t{offset} + size, pack.size());
        ++read.damage;
    };
    walk_pack(pack, walk);
    return read;
}

class Packs : public ::testing::TestWithParam<Sealing> {
protected:
    EncodedChunk encode(ByteView plain, ChunkType type = ChunkType::extent) {
        return must(encode_plain({.type = type, .id = keys.name_of(type, plain), .bytes = plain}, compressor));
    }
    // A pack of these contents, with where each entry lies.
    Bytes build(const std::vector<Bytes>& contents) {
        auto pack = must(PackBuilder::begin(keys, random));
        offsets.clear();
        for (const Bytes& content : contents) offsets.push_back(must(pack.add(encode(content))));
        return std::move(pack).finish().bytes;
    }

    Keys keys = test_keys(GetParam());
    tests::SeededRandom random;
    Compressor compressor{3};
    std::vector<std::uint32_t> offsets;
};
INSTANTIATE_TEST_SUITE_P(Both, Packs, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Packs, WhatIsAddedIsReadAgain) {
    EXPECT_TRUE(rc::check([&](const std::vector<std::pair<std::uint64_t, std::uint16_t>>& seeds) {
        std::vector<Bytes> contents;
        for (const auto& [seed, size] : seeds) contents.push_back(seed % 2 == 0 ? random_bytes(seed, size) : row_like_bytes(seed, size));
        const Bytes pack = build(contents);
        const ReadPack read = read_all(pack, keys);
        RC_ASSERT(read.damage == 0u);
        RC_ASSERT(read.entries == contents.size());
        for (const Bytes& content : contents) RC_ASSERT(read.proven.at(keys.name_of(ChunkType::extent, content)) == content);
        for (std::size_t i = 0; i < read.slots.size(); ++i) RC_ASSERT(read.slots[i] == i);
    }));
}

TEST_P(Packs, HeadersKeepEveryField) {
    const auto id = [](int i) { return ChunkId{sha256(Bytes(static_cast<std::size_t>(i), std::byte{1}))}; };
    const EncodedChunk patch{.type = ChunkType::node, .kind = EntryKind::patch, .plain_size = 8196, .id = id(1), .dictionary = {},
                             .bases = {id(2), id(3), id(4)}, .payload = Bytes(77)};
    const EncodedChunk trained{.type = ChunkType::directory, .kind = EntryKind::compressed, .plain_size = 100, .id = id(5),
                               .dictionary = id(6), .bases = {}, .payload = Bytes(20)};
    auto pack = must(PackBuilder::begin(keys, random));
    const auto first = must(pack.add(patch)), second = must(pack.add(trained));
    EXPECT_EQ(pack.entries(), 2u);
    const Bytes bytes = std::move(pack).finish().bytes;
    const auto read_patch = must(parse_entry_header(ByteView(bytes).subspan(first)));
    const auto read_trained = must(parse_entry_header(ByteView(bytes).subspan(second)));
    EXPECT_EQ(first, pack_header_size);
    EXPECT_EQ(second, first + read_patch.stored_size());
    EXPECT_EQ(bytes.size(), second + read_trained.stored_size());
    const std::size_t tag = keys.is_sealed() ? aead_tag_size : 0;
    EXPECT_EQ(read_patch.type, ChunkType::node);
    EXPECT_EQ(read_patch.kind, EntryKind::patch);
    EXPECT_EQ(read_patch.slot, 0u);
    EXPECT_EQ(read_patch.plain_size, 8196u);
    EXPECT_EQ(read_patch.payload_size, 77 + tag);
    EXPECT_EQ(read_patch.id, id(1));
    EXPECT_EQ(read_patch.bases, patch.bases);
    EXPECT_FALSE(read_patch.dictionary);
    EXPECT_EQ(read_trained.type, ChunkType::directory);
    EXPECT_EQ(read_trained.slot, 1u);
    EXPECT_EQ(read_trained.dictionary, id(6));
    EXPECT_TRUE(read_trained.bases.empty());
}

TEST_P(Packs, AreNamedByTheirBytesAndNeverEqual) {
    auto one = must(PackBuilder::begin(keys, random)), other = must(PackBuilder::begin(keys, random));
    for (auto* pack : {&one, &other}) must(pack->add(encode(random_bytes(1, 100))));
    const auto first = std::move(one).finish(), second = std::move(other).finish();
    EXPECT_EQ(first.id.hash, sha256(first.bytes));
    EXPECT_NE(first.id, second.id);
    const std::string hex = first.id.hex();
    EXPECT_EQ(pack_name(first.id).text(), "packs/" + hex.substr(0, 2) + "/" + hex);
}

// Every flipped bit of a header shows as damage, or as an entry that does not prove; elsewhere it does that or changes
// nothing that is read: a plain pack's salt only makes packs differ, and a frame can say one thing in two ways. Never
// does a wrong byte prove, and the pack's name tells in every case.
TEST_P(Packs, EveryFlippedBitIsNoticed) {
    const std::vector<Bytes> contents{random_bytes(1, 60), row_like_bytes(2, 500), Bytes(3000)};
    const Bytes pack = build(contents);
    const auto whole = read_all(pack, keys).proven;
    ASSERT_EQ(whole.size(), contents.size());
    const auto is_in_header = [&](std::size_t at) {
        if (at < pack_header_size) return keys.is_sealed() || at < 16;
        return std::ranges::any_of(offsets, [&](std::size_t from) { return at >= from && at < from + entry_header_size_min; });
    };
    std::size_t unseen = 0;
    for (std::uint64_t bit = 0; bit < pack.size() * 8; ++bit) {
        const Bytes hurt = flipped(pack, bit);
        const ReadPack read = read_all(hurt, keys);
        const bool noticed = read.damage > 0 || read.proven.size() < whole.size();
        EXPECT_TRUE(noticed || !(is_in_header(bit / 8) || keys.is_sealed())) << "byte " << bit / 8 << " bit " << bit % 8;
        for (const auto& [id, bytes] : read.proven) EXPECT_EQ(bytes, whole.at(id));
        const std::size_t lost_max = bit / 8 < pack_header_size ? whole.size() : 1;
        EXPECT_LE(whole.size() - read.proven.size(), lost_max) << "byte " << bit / 8;
        EXPECT_NE(sha256(hurt), sha256(pack));
        if (!noticed) ++unseen;
    }
    EXPECT_LT(unseen, 32u * 8 + 100);
}

TEST_P(Packs, CutShortTheWholeEntriesRemain) {
    const Bytes pack = build({random_bytes(1, 60), row_like_bytes(2, 500), random_bytes(3, 40)});
    for (std::size_t size = 0; size < pack.size(); ++size) {
        const ReadPack read = read_all(ByteView(pack).first(size), keys);
        std::size_t whole = 0;
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            const std::size_t end = i + 1 < offsets.size() ? offsets[i + 1] : pack.size();
            if (size >= end) ++whole;
        }
        EXPECT_EQ(read.proven.size(), whole) << size;
        const bool at_border = size == pack_header_size || std::ranges::count(offsets, size) > 0;
        EXPECT_EQ(read.damage > 0, !at_border) << size;
    }
}

TEST_P(Packs, BehindADamagedHeaderTheWalkFindsTheRest) {
    std::vector<Bytes> contents;
    for (std::uint64_t i = 0; i < 20; ++i) contents.push_back(random_bytes(i, 200));
    const Bytes pack = build(contents);
    for (std::size_t lost = 0; lost < contents.size(); ++lost) {
        Bytes hurt = pack;
        std::fill_n(hurt.begin() + offsets[lost], 30, std::byte{0xEE});
        const ReadPack read = read_all(hurt, keys);
        EXPECT_EQ(read.damage, 1u);
        EXPECT_EQ(read.proven.size(), contents.size() - 1);
    }
}

// A database may hold packs. Where the header before such a chunk is damaged, its content is searched as well, and an
// entry in it that is cut off by the chunk's end must not hide the entries behind.
TEST_P(Packs, ContentThatLooksLikeEntriesHidesNothing) {
    const Bytes inner = build({random_bytes(50, 300), random_bytes(51, 300), random_bytes(52, 5000)});
    const Bytes half(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(offsets[2]) + 200);
    auto outer = must(PackBuilder::begin(keys, random));
    EncodedChunk carrier = encode(half);
    carrier.kind = EntryKind::raw;
    carrier.payload = half;
    must(outer.add(encode(random_bytes(1, 100))));
    const auto at = must(outer.add(carrier));
    for (std::uint64_t i = 2; i < 9; ++i) must(outer.add(encode(random_bytes(i, 1000))));
    Bytes pack = std::move(outer).finish().bytes;
    ASSERT_EQ(read_all(pack, keys).proven.size(), 9u);
    pack[at] ^= std::byte{1};
    const ReadPack read = read_all(pack, keys);
    for (std::uint64_t i = 1; i < 9; ++i) {
        EXPECT_TRUE(read.proven.contains(keys.name_of(ChunkType::extent, random_bytes(i, i == 1 ? 100 : 1000)))) << i;
    }
    EXPECT_GE(read.damage, 1u);
}

TEST_P(Packs, TheOtherSealingAndOtherFormatsAreRefused) {
    Bytes pack = build({random_bytes(1, 60)});
    const Keys other = test_keys(GetParam() == Sealing::plain ? Sealing::sealed : Sealing::plain);
    EXPECT_THAT(open_pack_header(pack, other), FailsWith(ErrorCode::corrupt));
    pack[8] = std::byte{0xD2};
    EXPECT_THAT(open_pack_header(pack, keys), FailsWith(ErrorCode::too_new));
}

TEST_P(Packs, GrowNoLargerThanTheirLimit) {
    auto pack = must(PackBuilder::begin(keys, random));
    const EncodedChunk large = encode(random_bytes(1, 1024 * 1024));
    std::size_t entries = 0;
    for (;; ++entries) {
        auto added = pack.add(large);
        if (added) continue;
        EXPECT_THAT(added, FailsWith(ErrorCode::full));
        break;
    }
    EXPECT_EQ(entries, 63u);
    EXPECT_EQ(read_all(std::move(pack).finish().bytes, keys).entries, 63u);
}

// Entries of a sealed pack are bound to their slot and header: none can be put in another's place, or renamed.
TEST(SealedPacks, EntriesCannotBeExchanged) {
    const Keys keys = test_keys(Sealing::sealed);
    tests::SeededRandom random;
    Compressor compressor(3);
    auto pack = must(PackBuilder::begin(keys, random));
    std::vector<std::uint32_t> at;
    for (std::uint64_t i = 0; i < 2; ++i) {
        const Bytes plain = random_bytes(i, 100);
        at.push_back(must(pack.add(must(encode_plain({.id = keys.name_of(ChunkType::extent, plain), .bytes = plain}, compressor)))));
    }
    Bytes bytes = std::move(pack).finish().bytes;
    const std::size_t size = at[1] - at[0];
    std::swap_ranges(bytes.begin() + at[0], bytes.begin() + at[1], bytes.begin() + at[1]);
    const PackHeader header = must(open_pack_header(bytes, keys));
    Bytes room;
    for (const std::uint32_t offset : at) {  // whole entries have only changed places: they still open, by their own slot
        const ByteView entry = ByteView(bytes).subspan(offset, size);
        EXPECT_THAT(unseal_payload(header, must(parse_entry_header(entry)), entry, room), Succeeds());
    }
    std::swap_ranges(bytes.begin() + at[0] + 60, bytes.begin() + at[1], bytes.begin() + at[1] + 60);  // payloads alone
    for (const std::uint32_t offset : at) {
        const ByteView entry = ByteView(bytes).subspan(offset, size);
        EXPECT_THAT(unseal_payload(header, must(parse_entry_header(entry)), entry, room), FailsWith(ErrorCode::corrupt));
    }
}

TEST(EntryHeaders, ImpossibleOnesAreRefusedThoughTheirCheckIsRight) {
    const Keys keys = test_keys(Sealing::plain);
    tests::SeededRandom random;
    auto pack = must(PackBuilder::begin(keys, random));
    must(pack.add({.kind = EntryKind::raw, .plain_size = 5, .id = {}, .dictionary = {}, .bases = {}, .payload = Bytes(5)}));
    const Bytes bytes = std::move(pack).finish().bytes;
    const auto with = [&](std::size_t at, std::uint8_t value) {
        Bytes entry(bytes.begin() + pack_header_size, bytes.end());
        entry[at] = std::byte{value};
        ByteWriter check;
        check.u64(short_fingerprint(ByteView(entry).first(52), 0));
        std::ranges::copy(check.view(), entry.begin() + 52);
        return parse_entry_header(entry);
    };
    EXPECT_THAT(with(4, 1), Succeeds());
    EXPECT_THAT(with(4, 0), FailsWith(ErrorCode::corrupt));   // type
    EXPECT_THAT(with(4, 4), FailsWith(ErrorCode::corrupt));   // dictionaries are objects of their own
    EXPECT_THAT(with(5, 4), FailsWith(ErrorCode::corrupt));   // kind
    EXPECT_THAT(with(5, 2), FailsWith(ErrorCode::corrupt));   // a patch without a base
    EXPECT_THAT(with(6, 1), FailsWith(ErrorCode::corrupt));   // raw with a base
    EXPECT_THAT(with(6, 17), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(with(7, 1), FailsWith(ErrorCode::corrupt));   // raw with a dictionary
    EXPECT_THAT(with(7, 2), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(with(14, 0x11), FailsWith(ErrorCode::corrupt));  // 1 MiB and more of plain bytes
    EXPECT_THAT(with(18, 0x21), FailsWith(ErrorCode::corrupt));  // more than 2 MiB stored
}

}  // namespace
}  // namespace holdfast::repository
