#include "holdfast/agree/npz.h"

#include "agree/files_in_folder.h"
#include "agree/zip_bytes.h"
#include "holdfast/base/hash.h"

namespace holdfast::agree {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::FailsWith;
using tests::must;
using tests::zip;
using tests::ZipPart;

class Npz : public tests::FilesInFolder {
protected:
    Result<Look> look(std::string_view bytes) { return look_at_npz(files, write("1.npz", bytes), arrays, bounds); }
    std::string why(const std::vector<ZipPart>& parts) {
        const auto looked = look(zip(parts));
        return looked ? "nothing is wrong" : looked.error().message();
    }
    static ZipPart ids(const std::vector<std::int64_t>& numbers) { return {.name = "ids.npy", .plain = tests::npy_of_ids(numbers)}; }
    static ZipPart vectors(std::size_t count) { return {.name = "vectors.npy", .plain = tests::npy_of_vectors(count, 384)}; }
    NpzArrays arrays;
};

TEST_F(Npz, HoldsIdsAndVectors) {
    const auto found = must(look(zip({vectors(3), ids({4, 5, 9})})));
    EXPECT_EQ(found.count, 3u);
    EXPECT_EQ(found.dimension, 384u);
    EXPECT_THAT(*found.ids, ElementsAre(4, 5, 9));
    EXPECT_EQ(found.type, "npz");
}

TEST_F(Npz, IsStoredOrDeflatedAndMayHaveSizesOf64Bits) {
    auto stored = ids({1, 2});
    stored.is_deflated = false;
    EXPECT_THAT(*must(look(zip({stored}))).ids, ElementsAre(1, 2));
    stored.has_sizes64 = true;
    auto deflated = vectors(2);
    deflated.has_sizes64 = true;
    EXPECT_EQ(must(look(zip({stored, deflated}))).count, 2u);
    EXPECT_EQ(must(look(zip({ids({1, 2})}))).count, 2u) << "counted by its ids";
    arrays.ids = "labels";
    EXPECT_FALSE(must(look(zip({ids({1, 2}), vectors(5)}))).ids.has_value()) << "ids by another name";
}

TEST_F(Npz, ItsArraysMustFitTogether) {
    EXPECT_THAT(why({vectors(3), ids({1})}), HasSubstr("1 ids and 3 vectors"));
    EXPECT_THAT(why({{.name = "ids.npy", .plain = tests::npy_of_vectors(2, 2)}}), HasSubstr("holds no ids"));
    EXPECT_THAT(why({{.name = "vectors.npy", .plain = tests::npy_of_ids({1})}}), HasSubstr("holds no vectors"));
    EXPECT_THAT(why({ids({1}), ids({1})}), HasSubstr("there twice"));
    EXPECT_THAT(why({{.name = "readme.txt", .plain = "x"}}), HasSubstr("no array of numpy"));
}

TEST_F(Npz, EveryCutIsDamage) {
    const auto whole = zip({vectors(3), ids({1, 2, 3})});
    must(look(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_THAT(look(whole.substr(0, size)), FailsWith(ErrorCode::corrupt)) << size;
}

// Nothing of the arrays is taken for what it is not: times and the like may change.
TEST_F(Npz, NoFlippedBitGivesOtherIds) {
    const auto whole = zip({ids({1, 2, 3}), vectors(3)});
    std::size_t found = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
        const auto looked = look(flipped);
        if (!looked) continue;
        ++found;
        EXPECT_THAT(looked->ids.value_or(std::vector<std::int64_t>{1, 2, 3}), ElementsAre(1, 2, 3)) << at;
    }
    EXPECT_LT(found, whole.size() / 2);
}

TEST_F(Npz, AnUnprovenMemberIsDamage) {
    auto part = ids({1, 2, 3});
    part.crc = 12345;
    EXPECT_THAT(why({part}), HasSubstr("checksum"));
    part = ids({1, 2, 3});
    part.size = part.plain.size() - 8;
    EXPECT_THAT(look(zip({part})), FailsWith(ErrorCode::corrupt));
    part.size = part.plain.size() + 8;
    EXPECT_THAT(look(zip({part})), FailsWith(ErrorCode::corrupt));
    part.is_deflated = false;
    part.size = part.plain.size() - 8;
    EXPECT_THAT(look(zip({part})), FailsWith(ErrorCode::corrupt));
}

TEST_F(Npz, WhatIsNotKnownIsNotJudged) {
    auto part = ids({1});
    part.flags = 1;
    EXPECT_THAT(look(zip({part})), FailsWith(ErrorCode::unavailable)) << "encrypted";
    part = ids({1});
    part.method = 12;
    EXPECT_THAT(look(zip({part})), FailsWith(ErrorCode::unavailable)) << "bzip2";
}

// 1 GiB of zeros in 1 MiB: nothing of it is kept, and what comes out has a limit.
TEST_F(Npz, ABombIsBounded) {
    ZipPart bomb{.name = "vectors.npy", .plain = tests::npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 67108864), }", std::string(64 << 20, '\0'))};
    const auto bytes = zip({bomb});
    EXPECT_LT(bytes.size(), 1u << 17);
    EXPECT_EQ(must(look(bytes)).dimension, 64u << 20);
    bounds.bytes_max = 32 << 20;
    EXPECT_THAT(look(bytes), FailsWith(ErrorCode::unavailable));
    bomb.size = 1000;  // it lies about what comes out
    EXPECT_THAT(look(zip({bomb})), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look(std::string(5000, 'P')), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look(""), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::agree
