#include "holdfast/operations/outcome.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;

// Programs rely on these: they are written out here, so that a change is seen for what it is.
TEST(Outcome, ExitCodesAreWhatIsDocumented) {
    EXPECT_EQ(exit_code_of(ErrorCode::invalid), 2);
    EXPECT_EQ(exit_code_partial, 3);
    EXPECT_EQ(exit_code_of(ErrorCode::corrupt), 4);
    EXPECT_EQ(exit_code_of(ErrorCode::not_found), 5);
    EXPECT_EQ(exit_code_of(ErrorCode::exists), 6);
    EXPECT_EQ(exit_code_of(ErrorCode::busy), 7);
    EXPECT_EQ(exit_code_of(ErrorCode::unavailable), 8);
    EXPECT_EQ(exit_code_of(ErrorCode::denied), 9);
    EXPECT_EQ(exit_code_of(ErrorCode::full), 10);
    EXPECT_EQ(exit_code_of(ErrorCode::too_new), 11);
    EXPECT_EQ(exit_code_of(ErrorCode::bug), 70);
    EXPECT_EQ(exit_code_of(ErrorCode::cancelled), 130);
}

TEST(Outcome, EveryExitCodeHasOneMeaningAndAnError) {
    std::set<int> codes;
    for (const auto& row : exit_codes()) {
        EXPECT_TRUE(codes.insert(row.code).second) << row.code;
        EXPECT_FALSE(row.meaning.empty()) << row.code;
    }
    EXPECT_EQ(codes.size(), 17u) << "eleven errors, success, success in part, a target that is missed, what doctor found (warnings, faults), and a difference";
    EXPECT_EQ(exit_code_missed, 12);
    EXPECT_EQ(exit_code_warnings, 13);
    EXPECT_EQ(exit_code_faults, 14);
    EXPECT_EQ(exit_code_differs, 15);
    EXPECT_TRUE(std::ranges::is_sorted(exit_codes(), {}, &ExitCodeRow::code));
}

TEST(Outcome, ErrorsOfTheCallerAndOfTheServerAreTold) {
    EXPECT_EQ(http_status_of(ErrorCode::not_found), 404);
    EXPECT_EQ(http_status_of(ErrorCode::invalid), 400);
    EXPECT_EQ(http_status_of(ErrorCode::full), 507);
    EXPECT_GE(http_status_of(ErrorCode::bug), 500);
}

TEST(Outcome, VersionsNameTheLibraries) {
    for (const char* name : {"sqlite 3.", "zstd ", "openssl ", "sodium "}) EXPECT_THAT(library_versions(), HasSubstr(name));
}

}  // namespace
}  // namespace holdfast::operations
