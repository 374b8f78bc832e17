#include "holdfast/base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "holdfast/base/bytes.h"
#include "holdfast/base/json.h"

namespace holdfast {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return fail(ErrorCode::invalid, "halve {}: it is odd", number).with_advice("an even number");
    return number / 2;
}
Result<int> quarter(int number) { return TRY(half(TRY(half(number)))); }

TEST(Result, TryPassesValuesAndErrorsOn) {
    EXPECT_EQ(quarter(12).value_or(0), 3);
    const auto odd = quarter(6);
    ASSERT_FALSE(odd.ok());
    EXPECT_EQ(odd.error().text(), "halve 3: it is odd; an even number");
    EXPECT_EQ(odd.error().copy().while_doing("outside").message(), "outside: halve 3: it is odd");
}

TEST(Result, HoldsWhatCannotBeCopied) {
    Result<std::unique_ptr<int>> owner(std::make_unique<int>(7));
    EXPECT_EQ(*std::move(owner).value(), 7);
}

TEST(AssertDeathTest, BrokenPromisesEndTheProgram) { EXPECT_DEATH(HOLDFAST_ASSERT(1 + 1 == 3), "broken promise"); }

TEST(Human, BytesAndDurations) {
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
    EXPECT_EQ(human_bytes(369ull << 20), "369 MiB");
    EXPECT_EQ(human_duration_ms(0.84), "0.8 ms");
    EXPECT_EQ(human_duration_ms(123.4), "123 ms");
    EXPECT_EQ(human_duration_ms(1520), "1.52 s");
    EXPECT_EQ(human_duration_ms(200'000), "3 min 20 s");
}

TEST(Printable, DisarmsTerminalsAndKeepsText) {
    EXPECT_EQ(printable("naïve 数据"), "naïve 数据");
    EXPECT_EQ(printable("a\033[31mb\n"), "a\\x1b[31mb\\x0a");
    EXPECT_EQ(printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // a C1 control that some terminals obey
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(Text, SplitTrimDigits) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(trim("  x y\n"), "x y");
    EXPECT_EQ(trim(" \t"), "");
    EXPECT_TRUE(is_all_digits("042"));
    EXPECT_FALSE(is_all_digits(""));
    EXPECT_FALSE(is_all_digits("4x"));
}

RC_GTEST_PROP(Bytes, HexRoundTrips, (const std::vector<std::uint8_t>& input)) {
    const Bytes bytes = copy_of(std::as_bytes(std::span(input)));
    const auto back = from_hex(to_hex(bytes));
    RC_ASSERT(back.ok());
    RC_ASSERT(*back == bytes);
    RC_ASSERT(is_all_zero(bytes) == std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; }));
}

RC_GTEST_PROP(Json, TextRoundTrips, (const std::string& text, std::int64_t integer, std::uint64_t number)) {
    const Json json = Json().set("t", text).set("i", integer).set("n", number).set("a", Json::array().push(true).push(Json()).push(0.1));
    const auto once = Json::parse(json.to_text());
    RC_ASSERT(once.ok());
    const auto pretty = Json::parse(json.to_text(2));
    RC_ASSERT(pretty.ok());
    RC_ASSERT(pretty->to_text() == once->to_text());
    RC_ASSERT(*once->find("i")->as_integer() == integer);
}

TEST(Json, KeepsTheOrderAndReplacesInvalidUtf8) {
    EXPECT_EQ(Json().set("b", 1).set("a", "x\xff").to_text(), "{\"b\":1,\"a\":\"x\xef\xbf\xbd\"}");
    EXPECT_EQ(Json::array().to_text(2), "[]");
}

TEST(Json, RefusesGarbageWithLineAndColumn) {
    const auto wrong = Json::parse("{\n  \"a\": ?\n}");
    ASSERT_FALSE(wrong.ok());
    EXPECT_NE(wrong.error().message().find("line 2"), std::string::npos) << wrong.error().message();
    EXPECT_FALSE(Json::parse(std::string(100, '[')).ok());
    EXPECT_TRUE(Json::parse(std::string(60, '[') + std::string(60, ']')).ok());
    EXPECT_FALSE(Json::parse("").ok());
    EXPECT_FALSE(Json::parse("1 2").ok());
}

}  // namespace
}  // namespace holdfast
