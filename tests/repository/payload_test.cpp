#include "holdfast/repository/payload.h"

#include <chrono>
#include <iostream>

#include "holdfast/base/wire.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

EntryHeader header_of(const EncodedChunk& chunk) {
    return {.type = chunk.type,
            .kind = chunk.kind,
            .slot = 0,
            .plain_size = chunk.plain_size,
            .payload_size = static_cast<std::uint32_t>(chunk.payload.size()),
            .id = chunk.id,
            .dictionary = chunk.dictionary,
            .bases = chunk.bases};
}

Result<Bytes> decode(const EncodedChunk& chunk, const std::vector<ByteView>& bases, const Dictionary* dictionary = nullptr) {
    Decompressor decompressor;
    Bytes plain(chunk.plain_size);
    TRY(decode_payload(header_of(chunk), chunk.payload,
                       {.decompressor = decompressor, .bases = bases, .dictionary = dictionary}, plain));
    return plain;
}

class Payloads : public ::testing::Test {
protected:
    Compressor compressor{3};
    static Base base(ByteView bytes, std::uint8_t number = 1) { return {.id = ChunkId{sha256({{std::byte{number}}})}, .bytes = bytes}; }
};

TEST_F(Payloads, PlainIsCompressedOnlyWhenThatHelps) {
    const Bytes rows = row_like_bytes(1, 60'000), noise = random_bytes(1, 60'000);
    const auto compressed = must(encode_plain({.id = {}, .bytes = rows}, compressor));
    const auto raw = must(encode_plain({.id = {}, .bytes = noise}, compressor));
    EXPECT_EQ(compressed.kind, EntryKind::compressed);
    EXPECT_LT(compressed.payload.size(), rows.size() / 2);
    EXPECT_EQ(raw.kind, EntryKind::raw);
    EXPECT_EQ(raw.payload, noise);
    EXPECT_EQ(must(decode(compressed, {})), rows);
    EXPECT_EQ(must(decode(raw, {})), noise);
    EXPECT_EQ(must(decode(must(encode_plain({.id = {}, .bytes = {}}, compressor)), {})), Bytes());
}

TEST_F(Payloads, ADictionaryIsNamedWhereItWasUsed) {
    Bytes samples;
    std::vector<std::size_t> sizes;
    for (std::uint64_t i = 0; i < 100; ++i) {
        append(samples, row_like_bytes(100 + i, 4096));
        sizes.push_back(4096);
    }
    const Bytes trained = must(train_dictionary(samples, sizes, 20'000));
    const Dictionary dictionary = must(Dictionary::load(trained, 3));
    const NamedDictionary named{.id = ChunkId{sha256(trained)}, .dictionary = &dictionary};
    const Bytes rows = row_like_bytes(6, 3000), noise = random_bytes(1, 3000);
    const auto compressed = must(encode_plain({.id = {}, .bytes = rows}, compressor, &named));
    EXPECT_EQ(compressed.dictionary, named.id);
    EXPECT_LT(compressed.payload.size(), must(encode_plain({.id = {}, .bytes = rows}, compressor)).payload.size());
    EXPECT_EQ(must(decode(compressed, {}, &dictionary)), rows);
    EXPECT_FALSE(must(encode_plain({.id = {}, .bytes = noise}, compressor, &named)).dictionary);
}

TEST_F(Payloads, APatchCostsWhatChanged) {
    Bytes before = random_bytes(1, 65536), after = before;
    const Bytes change = random_bytes(2, 100);
    std::ranges::copy(change, after.begin() + 30'000);
    const Base lean = base(before);
    const auto patch = must(encode_patch({.id = {}, .bytes = after}, {&lean, 1}, compressor));
    EXPECT_LT(patch.payload.size(), 200u);
    EXPECT_EQ(must(decode(patch, {before})), after);
    before[0] ^= std::byte{1};
    const auto other = decode(patch, {before});
    EXPECT_TRUE(!other.ok() || *other != after);  // what the id would tell
}

TEST_F(Payloads, APatchLeansOnSeveralBases) {
    std::vector<Bytes> kept;
    std::vector<Base> bases;
    std::vector<ByteView> views;
    Bytes plain;
    for (std::uint8_t i = 0; i < 5; ++i) kept.push_back(random_bytes(i, 5000));
    for (std::uint8_t i = 0; i < 5; ++i) {
        bases.push_back(base(kept[i], i));
        views.push_back(kept[i]);
        append(plain, ByteView(kept[4u - i]).subspan(1000, 3000));
    }
    const auto patch = must(encode_patch({.id = {}, .bytes = plain}, bases, compressor));
    EXPECT_LT(patch.payload.size(), 300u);
    EXPECT_EQ(patch.bases.size(), 5u);
    EXPECT_EQ(must(decode(patch, views)), plain);
}

// Units of two parents that moved, stayed, changed a little or are new: whatever the copies, decoding gives it back.
TEST_F(Payloads, CopyListsGiveBackWhatWentIn) {
    EXPECT_TRUE(rc::check([&] {
        const auto unit = *rc::gen::element<std::uint32_t>(1, 512, 4096);
        const auto seed = *rc::gen::arbitrary<std::uint64_t>();
        const auto sizes = *rc::gen::container<std::vector<std::uint32_t>>(2, rc::gen::inRange(0u, 40u));
        const std::vector<Bytes> parents{row_like_bytes(seed, sizes[0] * unit), random_bytes(seed + 1, sizes[1] * unit)};
        const auto moves = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 90u));
        Bytes plain;
        std::vector<Copy> copies;
        for (const std::uint32_t move : moves) {
            const std::uint32_t parent = move % 3, from = move / 3;
            const auto at = static_cast<std::uint32_t>(plain.size());
            if (parent == 2 || from >= sizes[parent]) {
                append(plain, row_like_bytes(seed + move, unit / 2 + 1));
                continue;
            }
            append(plain, ByteView(parents[parent]).subspan(from * unit, unit));
            copies.push_back({.position = at, .length = unit, .base = parent, .offset = from * unit});
        }
        const std::vector<Base> bases{base(parents[0], 1), base(parents[1], 2)};
        const auto list = must(encode_copy_list({.id = {}, .bytes = plain}, bases, copies, compressor));
        RC_ASSERT(list.kind == EntryKind::copy_list);
        RC_ASSERT(must(decode(list, {parents[0], parents[1]})) == plain);
    }));
}

TEST_F(Payloads, WhatDidNotChangeInPlaceIsCopiedInRuns) {
    Bytes before = random_bytes(1, 65536), after = before;
    for (const std::size_t page : {3u, 4u, 9u}) after[page * 4096 + 17] ^= std::byte{1};
    const auto copies = copies_in_place(before, after, 4096);
    EXPECT_EQ(copies, (std::vector<Copy>{{0, 3 * 4096, 0, 0}, {5 * 4096, 4 * 4096, 0, 5 * 4096}, {10 * 4096, 6 * 4096, 0, 10 * 4096}}));
    EXPECT_TRUE(copies_in_place(before, random_bytes(2, 65536), 4096).empty());
    EXPECT_EQ(copies_in_place(before, before, 4096).size(), 1u);
    // The last unit is shorter, or the file has grown.
    EXPECT_EQ(copies_in_place(ByteView(before).first(5000), ByteView(before).first(5000), 4096), (std::vector<Copy>{{0, 5000, 0, 0}}));
    EXPECT_EQ(copies_in_place(ByteView(before).first(5000), ByteView(before).first(9000), 4096), (std::vector<Copy>{{0, 4096, 0, 0}}));
    EXPECT_TRUE(copies_in_place({}, before, 4096).empty());
}

TEST_F(Payloads, AChangeInPlaceCostsAFewBytesAPage) {
    Bytes before = row_like_bytes(1, 65536), after = before;
    after[5 * 4096 + 100] ^= std::byte{0x55};
    const Base lean = base(before);
    const auto list = must(encode_copy_list({.id = {}, .bytes = after}, {&lean, 1}, copies_in_place(before, after, 4096), compressor));
    EXPECT_LT(list.payload.size(), 64u);
    EXPECT_EQ(must(decode(list, {before})), after);
}

// Told, not judged: a machine that is busy with something else is no fault of the code.
TEST_F(Payloads, AThousandExtentsChangedInPlaceAreQuick) {
    const Bytes before = row_like_bytes(1, 65536);
    Bytes after = before;
    after[5 * 4096 + 100] ^= std::byte{0x55};
    const Base lean = base(before);
    std::size_t bytes = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        after[9 * 4096 + static_cast<std::size_t>(i)] ^= std::byte{1};
        const auto copies = copies_in_place(before, after, 4096);
        bytes += must(encode_copy_list({.id = {}, .bytes = after}, {&lean, 1}, copies, compressor)).payload.size();
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::cout << "1000 extents changed in place: " << took.count() << " ms, " << bytes << " bytes" << std::endl;
    EXPECT_LT(bytes, 1'000'000u);
}

// --- payloads from somebody who means harm ---

class HostileCopyLists : public Payloads {
protected:
    using Instruction = std::array<std::uint64_t, 4>;  // skip, length, base, offset

    Result<Bytes> decode_list(const std::vector<Instruction>& instructions, std::uint64_t residual_size, ByteView frame = {},
                              std::optional<std::uint64_t> count = {}) {
        ByteWriter out;
        out.varint(count.value_or(instructions.size()));
        for (const auto& instruction : instructions) {
            for (const std::uint64_t value : instruction) out.varint(value);
        }
        out.varint(residual_size);
        out.bytes(frame);
        const EncodedChunk chunk{.kind = EntryKind::copy_list, .plain_size = 1000, .id = {}, .dictionary = {},
                                 .bases = {ChunkId{}, ChunkId{}}, .payload = std::move(out).take()};
        return decode(chunk, {first, second});
    }
    const Bytes first = random_bytes(1, 1000), second = random_bytes(2, 500);
    static constexpr std::uint64_t huge = ~std::uint64_t{0};
};

TEST_F(HostileCopyLists, TheSameListInOrderIsDecoded) {
    EXPECT_THAT(decode_list({{0, 1000, 0, 0}}, 0), Succeeds());
    EXPECT_THAT(decode_list({{0, 500, 1, 0}, {0, 500, 0, 500}}, 0), Succeeds());
}

TEST_F(HostileCopyLists, EveryBoundIsChecked) {
    for (const auto& [name, instructions] : std::map<std::string, std::vector<Instruction>>{
             {"writes behind the end", {{0, 1001, 0, 0}}},
             {"begins behind the end", {{1001, 1, 0, 0}}},
             {"second writes behind the end", {{0, 600, 0, 0}, {0, 401, 0, 0}}},
             {"length wraps around", {{10, huge - 5, 0, 0}}},
             {"skip wraps around", {{huge - 5, 10, 0, 0}}},
             {"reads behind the base", {{0, 501, 1, 0}, {0, 499, 0, 0}}},
             {"offset behind the base", {{0, 1, 1, 501}, {0, 999, 0, 0}}},
             {"offset wraps around", {{0, 10, 1, huge - 5}, {0, 990, 0, 0}}},
             {"no such base", {{0, 1000, 2, 0}}},
             {"a base far off", {{0, 1000, huge, 0}}},
             {"length of nothing", {{0, 0, 0, 0}, {0, 1000, 0, 0}}},
         }) {
        EXPECT_THAT(decode_list(instructions, 0), FailsWith(ErrorCode::corrupt)) << name;
    }
}

TEST_F(HostileCopyLists, CountsAndResidualsMustAgree) {
    EXPECT_THAT(decode_list({{0, 1000, 0, 0}}, 0, {}, 2), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 1000, 0, 0}}, 0, {}, huge), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 1000, 0, 0}}, 1), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 990, 0, 0}}, 0), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 990, 0, 0}}, 11), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 990, 0, 0}}, huge), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 990, 0, 0}}, 10), FailsWith(ErrorCode::corrupt));                    // no frame
    EXPECT_THAT(decode_list({{0, 990, 0, 0}}, 10, random_bytes(1, 30)), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_list({{0, 1000, 0, 0}}, 0, random_bytes(1, 3)), FailsWith(ErrorCode::corrupt));  // bytes behind
    const Bytes longer = must(compressor.compress_after(ByteView(first).first(10), random_bytes(4, 11)));
    EXPECT_THAT(decode_list({{10, 990, 0, 10}}, 10, longer), FailsWith(ErrorCode::corrupt));
}

TEST_F(Payloads, AnyFlippedOrMissingByteFailsOrGivesOtherBytes) {
    const Bytes before = row_like_bytes(1, 3000);
    Bytes after = before;
    after[1000] ^= std::byte{1};
    const Base lean = base(before);
    const PlainChunk plain{.id = {}, .bytes = after};
    for (EncodedChunk chunk : {must(encode_plain(plain, compressor)), must(encode_patch(plain, {&lean, 1}, compressor)),
                               must(encode_copy_list(plain, {&lean, 1}, copies_in_place(before, after, 512), compressor))}) {
        const std::vector<ByteView> bases(chunk.bases.size(), before);
        const Bytes payload = chunk.payload;
        for (std::uint64_t bit = 0; bit < payload.size() * 8; ++bit) {
            chunk.payload = flipped(payload, bit);
            (void)decode(chunk, bases);  // must come back; what it gives is judged by the id
        }
        for (std::size_t size = 0; size < payload.size(); ++size) {
            chunk.payload.assign(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THAT(decode(chunk, bases), FailsWith(ErrorCode::corrupt)) << size;
        }
        chunk.payload = payload;
        EXPECT_EQ(must(decode(chunk, bases)), after);
    }
}

TEST_F(Payloads, AnotherSizeThanWantedIsDamage) {
    EncodedChunk chunk = must(encode_plain({.id = {}, .bytes = row_like_bytes(1, 3000)}, compressor));
    Decompressor decompressor;
    Bytes into(2999);
    EXPECT_THAT(decode_payload(header_of(chunk), chunk.payload, {.decompressor = decompressor, .bases = {}}, into), FailsWith(ErrorCode::corrupt));
    chunk.plain_size = 2999;
    EXPECT_THAT(decode(chunk, {}), FailsWith(ErrorCode::corrupt));
    chunk.plain_size = 3001;
    EXPECT_THAT(decode(chunk, {}), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::repository
