#include "holdfast/base/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast {
namespace {

Bytes three_fields() {
    RecordWriter writer;
    writer.number(1, 300);
    writer.text(2, "two");
    writer.text(2, "again");
    writer.bytes(7, bytes_of("seven"));
    return std::move(writer).take();
}

TEST(Record, ReadsBackWhatWasWritten) {
    const Bytes bytes = three_fields();
    auto reader = RecordReader::parse(bytes, "test");
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(reader->number(1).value_or(0), 300u);
    EXPECT_EQ(reader->all(2).size(), 2u);
    EXPECT_EQ(reader->number_or(3, 42).value_or(0), 42u);
    EXPECT_EQ(reader->text_or_empty(9).value_or("?"), "");
    EXPECT_FALSE(reader->number(3).ok());
    EXPECT_TRUE(reader->bytes_if(7).has_value());
    EXPECT_TRUE(reader->finish().ok());
}

TEST(Record, AnUnknownCriticalFieldIsTooNewAnUnknownOtherIsNot) {
    const Bytes bytes = three_fields();
    auto reader = RecordReader::parse(bytes, "test");
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader->number(1).ok());
    const auto finished = reader->finish();
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.error().code(), ErrorCode::too_new);
    EXPECT_NE(finished.error().message().find('7'), std::string::npos);
}

TEST(Record, MalformedBytesAreCorruptNeverMore) {
    const Bytes bytes = three_fields();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto reader = RecordReader::parse(ByteView(bytes).first(size), "test");
        if (reader.ok()) continue;
        EXPECT_EQ(reader.error().code(), ErrorCode::corrupt);
    }
    RecordWriter backwards;
    backwards.number(5, 1);
    Bytes wrong = std::move(backwards).take();
    append(wrong, three_fields());
    EXPECT_FALSE(RecordReader::parse(wrong, "test").ok());
}

RC_GTEST_PROP(Wire, VarintsRoundTripInShortestForm, (std::uint64_t value)) {
    ByteWriter writer;
    writer.varint(value);
    ByteReader reader(writer.view(), "test");
    const auto back = reader.varint();
    RC_ASSERT(back.ok());
    RC_ASSERT(*back == value);
    RC_ASSERT(reader.expect_end().ok());
}

TEST(Wire, VarintsRefuseLongFormsAndOverflow) {
    const std::vector<std::vector<int>> wrong = {{0x80, 0x00}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, {0x80}, {}};
    for (const auto& numbers : wrong) {
        Bytes bytes;
        for (const int n : numbers) bytes.push_back(static_cast<std::byte>(n));
        ByteReader reader(bytes, "test");
        EXPECT_FALSE(reader.varint().ok());
    }
}

TEST(Wire, IntegersLieInTheOrderTheirTypeSays) {
    ByteWriter writer;
    writer.u32(0x01020304);
    EXPECT_EQ(to_hex(writer.view()), "04030201");
    EXPECT_EQ(load<BigEndian<std::uint32_t>>(writer.view()), 0x04030201u);
    ByteReader reader(writer.view(), "test");
    EXPECT_EQ(reader.u16().value_or(0), 0x0304);
    EXPECT_FALSE(reader.u32().ok());
}

TEST(Wire, CountedBytesKeepTheirLimit) {
    ByteWriter writer;
    writer.counted_text("hello");
    ByteReader small(writer.view(), "test");
    EXPECT_FALSE(small.counted_text(4).ok());
    ByteReader enough(writer.view(), "test");
    EXPECT_EQ(enough.counted_text(5).value_or(""), "hello");
}

}  // namespace
}  // namespace holdfast
