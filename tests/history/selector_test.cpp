#include "holdfast/history/selector.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::history {

using namespace tests;
namespace {

using tests::FailsWith;
using tests::must;
using Kind = Selector::Kind;

TEST(Selector, ReadsNumbers) {
    for (const char* text : {"43", "#43", "  43 ", "0043"}) {
        const auto selector = must(parse_selector(text));
        EXPECT_EQ(selector.kind, Kind::number) << text;
        EXPECT_EQ(selector.number.value, 43u) << text;
    }
}

TEST(Selector, ReadsWords) {
    EXPECT_EQ(must(parse_selector("latest")).kind, Kind::latest);
    EXPECT_EQ(must(parse_selector("latest")).back, 0u);
    EXPECT_EQ(must(parse_selector("latest~2")).kind, Kind::latest);
    EXPECT_EQ(must(parse_selector("latest~2")).back, 2u);
    EXPECT_EQ(must(parse_selector("last-good")).kind, Kind::last_good);
}

TEST(Selector, ReadsIds) {
    for (const char* text : {"3fa91c07b2", "3FA91C07B2", "id:3fa91c07b2"}) {
        const auto selector = must(parse_selector(text));
        EXPECT_EQ(selector.kind, Kind::id_prefix) << text;
        EXPECT_EQ(selector.id_prefix, "3fa91c07b2") << text;
    }
}

TEST(Selector, DigitsAloneAreANumberUnlessCalledAnId) {
    EXPECT_EQ(must(parse_selector("12345678")).kind, Kind::number);
    EXPECT_EQ(must(parse_selector("id:12345678")).kind, Kind::id_prefix);
}

TEST(Selector, RefusesTheRestAndExplainsTheForms) {
    const std::string too_long(65, 'a');
    for (const std::string text : {"", "  ", "0", "#", "#abc", "#0", "-3", "latest~", "latest~x", "latest~-1", "latest-2", "Latest", "3fa91c0",
                                   "id:3fa91c0", "id:xyzxyzxyz", "id:", "2 hours ago", "9999999999999999", "43.5", too_long.c_str()}) {
        const auto selector = parse_selector(text);
        ASSERT_THAT(selector, FailsWith(ErrorCode::invalid)) << text;
        EXPECT_NE(selector.error().advice().find("latest~2"), std::string::npos) << text;
    }
}

RC_GTEST_PROP(Selector, EveryNumberComesBack, ()) {
    const auto number = *rc::gen::inRange<std::uint64_t>(1, 999'999'999'999'999);
    RC_ASSERT(must(parse_selector(std::to_string(number))).number.value == number);
    RC_ASSERT(must(parse_selector(format("latest~{}", number))).back == number);
}

RC_GTEST_PROP(Selector, AnyTextIsAnsweredAndNoneIsTakenForTwoThings, (const std::string& text)) {
    const auto selector = parse_selector(text);
    if (!selector) RC_ASSERT(selector.error().code() == ErrorCode::invalid);
}

}  // namespace
}  // namespace holdfast::history
