#include "holdfast/base/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "holdfast/base/limits.h"
#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

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

RC_GTEST_PROP(Record, AnyFieldsRoundTrip, (const std::map<std::uint32_t, std::vector<std::string>>& fields)) {
    RecordWriter writer;
    for (const auto& [tag, texts] : fields)
        for (const auto& text : texts) writer.text(tag, text);
    const Bytes bytes = std::move(writer).take();
    auto reader = RecordReader::parse(bytes, "test");
    RC_ASSERT(reader.ok());
    for (const auto& [tag, texts] : fields) {
        const std::vector<ByteView> found = reader->all(tag);
        RC_ASSERT(found.size() == texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) RC_ASSERT(text_of(found[i]) == texts[i]);
    }
    RC_ASSERT(reader->finish().ok());
}

// Whatever parse() takes, writing its fields again gives the same bytes: a record has one encoding.
RC_GTEST_PROP(Record, AnyBytesAreCorruptOrTheOneEncoding, ()) {
    const auto noise = *rc::gen::resize(12, rc::gen::container<std::vector<std::uint8_t>>(rc::gen::element<std::uint8_t>(0, 0, 0, 1, 1, 2, 5)));
    const ByteView input = std::as_bytes(std::span(noise));
    auto reader = RecordReader::parse(input, "test");
    RC_CLASSIFY(reader.ok() && !noise.empty(), "a record");
    if (!reader.ok()) {
        RC_ASSERT(reader.error().code() == ErrorCode::corrupt);
        return;
    }
    RecordWriter again;
    for (std::uint32_t tag = 0; tag < 6; ++tag)
        for (const ByteView value : reader->all(tag)) again.bytes(tag, value);
    RC_ASSERT(to_hex(again.view()) == to_hex(input));
}

TEST(Record, HostileFieldsAreCorrupt) {
    const auto refused = [](std::string_view hex) {
        const Bytes bytes = must(from_hex(hex));
        EXPECT_THAT(RecordReader::parse(bytes, "snapshot"), FailsWith(ErrorCode::corrupt)) << hex;
    };
    refused("02");                          // a tag and no length
    refused("0205aabb");                    // a length past the end
    refused("02ffffffffffffffffff01aa");    // a length of 2^64 - 1
    refused("808080801000");                // tag 2^32
    refused("820000");                      // tag 2 in its long form
    refused("04000200");                    // descending tags
}

TEST(Record, ANumberFillsItsFieldExactly) {
    RecordWriter writer;
    writer.bytes(2, must(from_hex("0100")));
    writer.bytes(4, must(from_hex("")));
    writer.bytes(6, must(from_hex("8000")));
    const Bytes bytes = std::move(writer).take();
    auto reader = must(RecordReader::parse(bytes, "test"));
    for (const std::uint32_t tag : {2u, 4u, 6u}) {
        EXPECT_THAT(reader.number(tag), FailsWith(ErrorCode::corrupt)) << tag;
        EXPECT_THAT(reader.number_or(tag, 1), FailsWith(ErrorCode::corrupt)) << tag;
    }
}

TEST(Record, NestsAndNamesItselfInErrors) {
    RecordWriter inner;
    inner.text(2, "deep");
    RecordWriter outer;
    outer.record(4, inner);
    const Bytes bytes = std::move(outer).take();
    auto reader = must(RecordReader::parse(bytes, "snapshot 7"));
    auto nested = must(RecordReader::parse(must(reader.bytes(4)), "member"));
    EXPECT_EQ(must(nested.text(2)), "deep");
    EXPECT_THAT(reader.text(6).error().message(), ::testing::HasSubstr("snapshot 7"));
}

TEST(Record, TheNumberOfFieldsIsBounded) {  // two bytes each in the file, many more in memory
    const Bytes most(limits::record_fields_max * 2);
    EXPECT_THAT(RecordReader::parse(most, "test"), Succeeds());
    const Bytes more((limits::record_fields_max + 1) * 2);
    EXPECT_THAT(RecordReader::parse(more, "test"), FailsWith(ErrorCode::corrupt));
}

TEST(RecordDeathTest, DescendingTagsAreABrokenPromise) {
    RecordWriter writer;
    writer.number(4, 1);
    EXPECT_DEATH(writer.number(2, 1), "broken promise");
}

}  // namespace
}  // namespace holdfast
