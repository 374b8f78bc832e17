#include "holdfast/operations/duration.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::operations {

using namespace tests;
namespace {

using tests::FailsWith;
using tests::must;

TEST(Duration, ReadsWhatPeopleWrite) {
    EXPECT_EQ(must(parse_duration_s("0")), 0);
    EXPECT_EQ(must(parse_duration_s("45s")), 45);
    EXPECT_EQ(must(parse_duration_s("90m")), 5400);
    EXPECT_EQ(must(parse_duration_s(" 24h ")), 86'400);
    EXPECT_EQ(must(parse_duration_s("7d")), 604'800);
    EXPECT_EQ(must(parse_duration_s("2w")), 1'209'600);
    EXPECT_EQ(must(parse_duration_s("12mo")), 12 * 30 * 86'400);
    EXPECT_EQ(must(parse_duration_s("1y")), 365 * 86'400);
    EXPECT_EQ(must(parse_duration_s("999999999y")), 999'999'999LL * 365 * 86'400);
    EXPECT_EQ(must(parse_duration_s("999999999w")), 999'999'999LL * 604'800);
}

TEST(Duration, RefusesTheRest) {
    for (const char* text : {"", "h", "24", "-1h", "1.5h", "24 h", "1o", "mo", "2my", "1M", "h24", "9999999999s", "0x1h"}) {
        EXPECT_THAT(parse_duration_s(text), FailsWith(ErrorCode::invalid)) << text;
    }
}

}  // namespace
}  // namespace holdfast::operations
