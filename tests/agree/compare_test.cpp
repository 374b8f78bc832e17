#include "holdfast/agree/compare.h"

#include "agree/files_in_folder.h"
#include "holdfast/agree/ask_program.h"
#include "holdfast/base/text.h"

namespace holdfast::agree {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::FailsWith;
using tests::Succeeds;

Look look(std::vector<std::int64_t> ids) {
    Look held;
    held.count = ids.size();
    held.dimension = 384;
    held.ids = std::move(ids);
    return held;
}

TEST(Compare, SameIdsAgreeInAnyOrder) {
    const auto result = compare(look({3, 1, 2}), {.ids = {{1, 2, 3, 3}}, .count = 3, .dimension = 384});
    EXPECT_EQ(result.verdict, Verdict::agrees);
    EXPECT_THAT(result.reasons, IsEmpty());
    EXPECT_EQ(compare(look({}), {.ids = {std::vector<std::int64_t>()}, .count = {}, .dimension = {}}).verdict, Verdict::agrees);
    EXPECT_EQ(compare(look({1}), {}).verdict, Verdict::agrees) << "nobody was asked";
}

TEST(Compare, SaysWhichIdsAreMissingWhere) {
    const auto result = compare(look({1, 2, 7, 8}), {.ids = {{1, 2, 3}}, .count = {}, .dimension = {}});
    EXPECT_EQ(result.verdict, Verdict::disagrees);
    EXPECT_THAT(result.missing_in_database.first, ElementsAre(7, 8));
    EXPECT_THAT(result.missing_in_index.first, ElementsAre(3));
    EXPECT_THAT(result.reasons, ElementsAre(HasSubstr("2 ids of which the database knows nothing: 7, 8"), HasSubstr("an id of which it knows nothing: 3")));
}

TEST(Compare, TellsTheFirstOfMany) {
    std::vector<std::int64_t> many(1000);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::int64_t>(1000 - i);
    const auto result = compare(look({}), {.ids = many, .count = {}, .dimension = {}});
    EXPECT_EQ(result.missing_in_index.count, 1000u);
    EXPECT_EQ(result.missing_in_index.first.size(), 20u);
    EXPECT_EQ(result.missing_in_index.first.front(), 1);
    EXPECT_THAT(result.reasons.front(), HasSubstr("and 980 more"));
}

TEST(Compare, AnIdTwiceIsADisagreement) {
    const auto result = compare(look({1, 1, 2}), {.ids = {{1, 2}}, .count = {}, .dimension = {}});
    EXPECT_EQ(result.verdict, Verdict::disagrees);
    EXPECT_THAT(result.reasons, ElementsAre(HasSubstr("more than once")));
}

TEST(Compare, CountDimensionAndTraining) {
    EXPECT_THAT(compare(look({1}), {.ids = {}, .count = 2, .dimension = {}}).reasons, ElementsAre("its count is 1, and should be 2"));
    EXPECT_THAT(compare(look({1}), {.ids = {}, .count = {}, .dimension = 768}).reasons, ElementsAre("its dimension is 384, and should be 768"));
    auto untrained = look({1});
    untrained.trained = false;
    EXPECT_EQ(compare(std::move(untrained), {}).verdict, Verdict::disagrees);
}

// What cannot be compared never agrees.
TEST(Compare, WhatItDoesNotSayCannotBeChecked) {
    Look silent;
    silent.count = 1;
    EXPECT_EQ(compare(silent, {.ids = {{1}}, .count = {}, .dimension = {}}).verdict, Verdict::could_not);
    EXPECT_EQ(compare(silent, {.ids = {}, .count = {}, .dimension = 3}).verdict, Verdict::could_not);
    EXPECT_EQ(compare(silent, {.ids = {{1}}, .count = 2, .dimension = {}}).verdict, Verdict::disagrees);
    EXPECT_EQ(of_failure(fail(ErrorCode::corrupt, "x")).verdict, Verdict::disagrees);
    EXPECT_EQ(of_failure(fail(ErrorCode::unavailable, "x")).verdict, Verdict::could_not);
}

TEST(AskProgram, ItsExitCodeIsTheVerdict) {
    const auto ask = [](const std::string& command, std::int64_t time_ms = 10'000) {
        return ask_program({.command = command, .folder = "/", .environment = {{"HOLDFAST_FILE", "1.index"}}, .time_ms_max = time_ms}, Watch{});
    };
    EXPECT_THAT(ask("exit 0"), Succeeds());
    EXPECT_THAT(ask("test \"$HOLDFAST_FILE\" = 1.index"), Succeeds());
    const auto refused = ask("echo first; echo two ids are missing >&2; exit 1");
    EXPECT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(refused.error().message(), HasSubstr("status 1: first; two ids are missing"));
    EXPECT_THAT(ask("kill -SEGV $$"), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(ask("/nowhere/checker"), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(ask("sleep 60", 50), FailsWith(ErrorCode::unavailable));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(ask_program({.command = "sleep 60", .folder = "/", .environment = {}}, {.stop = stop.get_token()}), FailsWith(ErrorCode::cancelled));
}

TEST(AskProgram, TheLastLinesAreTheReason) {
    EXPECT_EQ(last_lines("1\n2\n3\n4\n\n5\n6\n"), "2; 3; 4; 5; 6");
    EXPECT_EQ(last_lines(""), "");
}

}  // namespace
}  // namespace holdfast::agree
