#include "holdfast/agree/npy.h"

#include "agree/files_in_folder.h"
#include "agree/zip_bytes.h"

namespace holdfast::agree {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::FailsWith;
using tests::must;
using tests::npy;
using tests::raw;

class Npy : public tests::FilesInFolder {
protected:
    Result<Look> look(std::string_view bytes) { return look_at_npy(files, write("a.npy", bytes), bounds); }
    std::string why(std::string_view bytes) {
        const auto looked = look(bytes);
        return looked ? "nothing is wrong" : looked.error().message();
    }
};

TEST_F(Npy, VectorsHaveACountAndADimension) {
    const auto found = must(look(tests::npy_of_vectors(3, 384)));
    EXPECT_EQ(found.count, 3u);
    EXPECT_EQ(found.dimension, 384u);
    EXPECT_EQ(found.type, "npy <f4");
    EXPECT_FALSE(found.ids.has_value());
}

TEST_F(Npy, IdsAreReadInEveryWidthAndOrder) {
    const auto ids = [&](const char* type, const std::string& content) { return *must(look(npy(format("{{'descr': '{}', 'fortran_order': False, 'shape': (2,), }}", type), content))).ids; };
    EXPECT_THAT(ids("<i8", raw<std::int64_t>({-5, 1'000'000'000'000})), ElementsAre(-5, 1'000'000'000'000));
    EXPECT_THAT(ids("<i4", raw<std::int32_t>({-5, 7})), ElementsAre(-5, 7));
    EXPECT_THAT(ids("<u4", raw<std::uint32_t>({4'000'000'000, 7})), ElementsAre(4'000'000'000, 7));
    EXPECT_THAT(ids("<i2", raw<std::int16_t>({-5, 7})), ElementsAre(-5, 7));
    EXPECT_THAT(ids("|i1", raw<std::int8_t>({-5, 7})), ElementsAre(-5, 7));
    EXPECT_THAT(ids("|u1", raw<std::uint8_t>({200, 7})), ElementsAre(200, 7));
    EXPECT_THAT(ids(">i4", std::string("\xff\xff\xff\xfb\0\0\1\0", 8)), ElementsAre(-5, 256));
    EXPECT_THAT(ids("<u8", raw<std::uint64_t>({5, 7})), ElementsAre(5, 7));
    EXPECT_THAT(look(npy("{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }", raw<std::uint64_t>({1ull << 63}))), FailsWith(ErrorCode::unavailable));
}

TEST_F(Npy, EveryVersionOfTheFormatIsRead) {
    const std::string dictionary = "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 1), }";
    for (const int version : {1, 2, 3}) EXPECT_EQ(must(look(npy(dictionary, raw<double>({1, 2}), version))).count, 2u) << version;
    EXPECT_THAT(look(npy(dictionary, raw<double>({1, 2}), 4)), FailsWith(ErrorCode::unavailable));
    EXPECT_EQ(must(look(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", raw<double>({1})))).count, std::nullopt);
    EXPECT_EQ(must(look(npy("{'shape': (0, 384), 'fortran_order': False, \"descr\": \"<f4\"}", ""))).count, 0u);
    EXPECT_EQ(must(look(npy("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", std::string(24, 'x')))).count, 2u);
    EXPECT_EQ(must(look(npy("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (2L,), }", std::string(16, 'x')))).count, 2u);
}

TEST_F(Npy, BytesAreAsManyAsTheShapeSays) {
    const auto whole = tests::npy_of_vectors(3, 384);
    EXPECT_THAT(look(whole.substr(0, whole.size() - 1)), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(look(whole + "x"), FailsWith(ErrorCode::corrupt));
    const auto large = tests::npy_of_vectors(3, 1 << 20);
    EXPECT_EQ(must(look(large)).dimension, 1u << 20);
    EXPECT_THAT(look(large.substr(0, large.size() - 4)), FailsWith(ErrorCode::corrupt));
}

TEST_F(Npy, EveryCutIsDamage) {
    const auto whole = tests::npy_of_ids({1, 2, 3});
    must(look(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_THAT(look(whole.substr(0, size)), FailsWith(ErrorCode::corrupt)) << size;
}

TEST_F(Npy, HostileHeadersAreRefused) {
    const auto of = [&](const std::string& dictionary) { return why(npy(dictionary, "")); };
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"), HasSubstr("more items than a file can hold"));
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807), }"), HasSubstr("more items"));
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }"), HasSubstr("too large"));
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), HasSubstr("no number"));
    EXPECT_THAT(of("{'descr': '<U4611686018427387905', 'fortran_order': False, 'shape': (1,), }"), HasSubstr("there is no dtype"));
    EXPECT_THAT(of("{'descr': '<i3', 'fortran_order': False, 'shape': (1,), }"), HasSubstr("there is no dtype"));
    EXPECT_THAT(of("{'descr': '<i0', 'fortran_order': False, 'shape': (1,), }"), HasSubstr("there is no dtype"));
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}"), HasSubstr("another key"));
    EXPECT_THAT(of("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"), HasSubstr("twice"));
    EXPECT_THAT(of("{'descr': '<f4', 'fortran_order': False}"), HasSubstr("missing"));
    EXPECT_THAT(of("{'descr': '<f4"), HasSubstr("does not end"));
    EXPECT_THAT(of("__import__('os')"), HasSubstr("'{' is expected"));
    std::string many = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for (int i = 0; i < 33; ++i) many += "1, ";
    EXPECT_THAT(of(many + "), }"), HasSubstr("more dimensions"));
    EXPECT_THAT(look(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "x")), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(look(npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", "xxxx")), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(look("\x93NUMPX" + std::string(200, ' ')), FailsWith(ErrorCode::corrupt));
}

TEST_F(Npy, MoreIdsThanAreComparedAreNotRead) {
    bounds.ids_max = 2;
    EXPECT_THAT(look(tests::npy_of_ids({1, 2, 3})), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(*must(look(tests::npy_of_ids({1, 2}))).ids, ElementsAre(1, 2));
    bounds.is_over = [] { return true; };
    EXPECT_THAT(look(tests::npy_of_ids({1, 2})), FailsWith(ErrorCode::unavailable));
}

}  // namespace
}  // namespace holdfast::agree
