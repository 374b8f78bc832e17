#include "holdfast/base/wire.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

using Numbers = std::vector<std::uint64_t>;

RC_GTEST_PROP(WireFields, ReadBackInOrder, (const Numbers& numbers, const std::string& text)) {
    ByteWriter writer;
    for (const std::uint64_t number : numbers) {
        writer.u8(static_cast<std::uint8_t>(number));
        writer.u16(static_cast<std::uint16_t>(number));
        writer.u32(static_cast<std::uint32_t>(number));
        writer.u64(number);
        writer.varint(number);
        writer.counted_text(text);
    }
    ByteReader reader(writer.view(), "fields");
    for (const std::uint64_t number : numbers) {
        RC_ASSERT(reader.u8().value() == static_cast<std::uint8_t>(number));
        RC_ASSERT(reader.u16().value() == static_cast<std::uint16_t>(number));
        RC_ASSERT(reader.u32().value() == static_cast<std::uint32_t>(number));
        RC_ASSERT(reader.u64().value() == number);
        RC_ASSERT(reader.varint().value() == number);
        RC_ASSERT(reader.counted_text(text.size()).value() == text);
    }
    RC_ASSERT(reader.expect_end().ok());
}

// Every byte string that varint() takes is the one that varint() writes: one number, one encoding.
RC_GTEST_PROP(Varint, TakesOnlyWhatItWouldWrite, ()) {
    const auto bytes = *rc::gen::resize(12, rc::gen::container<std::vector<std::uint8_t>>(rc::gen::element<std::uint8_t>(0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xff)));
    const ByteView input = std::as_bytes(std::span(bytes));
    ByteReader reader(input, "number");
    const auto number = reader.varint();
    RC_CLASSIFY(number.ok(), "well formed");
    if (!number.ok()) {
        RC_ASSERT(number.error().code() == ErrorCode::corrupt);
        return;
    }
    ByteWriter again;
    again.varint(*number);
    RC_ASSERT(to_hex(again.view()) == to_hex(input.first(input.size() - reader.remaining())));
}

TEST(Varint, HoldsTheLargestNumberInTenBytes) {
    ByteWriter writer;
    writer.varint(std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(to_hex(writer.view()), "ffffffffffffffffff01");
    ByteReader reader(writer.view(), "number");
    EXPECT_EQ(must(reader.varint()), std::numeric_limits<std::uint64_t>::max());
}

TEST(ByteReader, RefusesEveryTruncationOfEveryField) {
    const Bytes bytes(8);
    const auto left = [&](std::size_t size) { return ByteReader(ByteView(bytes).first(size), "short file"); };
    EXPECT_THAT(left(0).u8(), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(1).u16(), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(3).u32(), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(7).u64(), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(7).bytes(8), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(8).bytes(std::numeric_limits<std::uint64_t>::max()), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(1).expect_end(), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(left(8).u64(), Succeeds());
    EXPECT_NE(left(0).u8().error().message().find("short file"), std::string::npos);
}

TEST(ByteReader, ALengthBeyondTheEndOrTheLimitTakesNothing) {
    ByteWriter writer;
    writer.varint(std::numeric_limits<std::uint64_t>::max());
    writer.u64(0);
    ByteReader beyond_end(writer.view(), "field");
    EXPECT_THAT(beyond_end.counted_bytes(std::numeric_limits<std::uint64_t>::max()), FailsWith(ErrorCode::corrupt));
    ByteReader beyond_limit(writer.view(), "field");
    EXPECT_THAT(beyond_limit.counted_text(4096), FailsWith(ErrorCode::corrupt));
}

struct OnDisk {
    BigEndian<std::uint16_t> a;
    LittleEndian<std::uint64_t> b;
    BigEndian<std::uint32_t> c;
};
static_assert(sizeof(OnDisk) == 14 && alignof(OnDisk) == 1);

RC_GTEST_PROP(WireStruct, LoadsWhatItSaved, (std::uint16_t a, std::uint64_t b, std::uint32_t c)) {
    Bytes bytes(1 + sizeof(OnDisk));
    const MutableByteView at_odd_address = MutableByteView(bytes).subspan(1);
    save(OnDisk{.a = a, .b = b, .c = c}, at_odd_address);
    RC_ASSERT(std::to_integer<std::uint8_t>(bytes[1]) == a >> 8);
    RC_ASSERT(std::to_integer<std::uint8_t>(bytes[3]) == (b & 0xff));
    const auto back = load<OnDisk>(at_odd_address);
    RC_ASSERT(back.a == a);
    RC_ASSERT(back.b == b);
    RC_ASSERT(back.c == c);
}

TEST(WireStructDeathTest, NeverReadsPastTheEnd) {
    const Bytes bytes(sizeof(OnDisk) - 1);
    EXPECT_DEATH(load<OnDisk>(bytes), "broken promise");
}

}  // namespace
}  // namespace holdfast
