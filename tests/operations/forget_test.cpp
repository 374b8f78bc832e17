#include "holdfast/operations/forget.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Forgetting : public World {
protected:
    Forgetting() {
        make_repository();
        create_database(database, 500);
        for (int turn = 0; turn < 4; ++turn) {
            insert(database, 200);
            states[backup().number] = rows_of(database);
        }
    }
    Result<ForgetReport> forget_them(std::vector<std::string> which, bool dry = false) {
        return forget(context, {.repository = in_repository(), .snapshots = std::move(which), .dry_run = dry});
    }
    Result<ForgetReport> recall_them(std::vector<std::string> which) {
        return recall(context, {.repository = in_repository(), .snapshots = std::move(which)});
    }
    PruneReport pruned(const std::string& grace, bool dry = false) {
        return must(prune(context, {.repository = in_repository(), .dry_run = dry, .grace = grace}));
    }
    std::map<std::uint64_t, std::string> states;
};

TEST_F(Forgetting, IsReversibleUntilPrune) {
    EXPECT_THAT(must(forget_them({"1", "2", "1"})).numbers, ElementsAre(1u, 2u));
    EXPECT_THAT(numbers(), ElementsAre(4u, 3u));
    EXPECT_THAT(numbers(true), ElementsAre(4u, 3u, 2u, 1u));
    must(recall_them({"2"}));
    EXPECT_THAT(numbers(), ElementsAre(4u, 3u, 2u));
    must(restore_to("1", root / "forgotten.db"));
    EXPECT_EQ(rows_of(root / "forgotten.db"), states[1]);
}

TEST_F(Forgetting, ARecallNamesTheHoldThatKeepsItFromThePolicy) {
    EXPECT_THAT(must(forget_them({"1", "2"})).warnings, IsEmpty());
    EXPECT_THAT(must(recall_them({"1", "2"})).warnings, ElementsAre(HasSubstr("holdfast hold 1 2")));
}

TEST_F(Forgetting, WhatTheNamedOnesProtectedIsToldAndTheLastWholeOneNeedsAWord) {
    auto verified = verify_request("opened");
    for (const char* number : {"2", "3"}) {
        verified.snapshot = number;
        must(verify(context, verified));
    }
    EXPECT_THAT(must(forget_them({"1"})).warnings, IsEmpty());
    for (const bool dry : {true, false}) {
        EXPECT_THAT(must(forget_them({"3"}, dry)).warnings, ElementsAre("#3 is the last backup of app.db that is verified; of those that stay, #2 is the last",
                                                                        "#3 is the last backup of app.db that was opened and good; of those that stay, #2 is the last"));
    }
    EXPECT_THAT(must(forget_them({"2"})).warnings, ElementsAre(HasSubstr("none that stays is verified"), HasSubstr("none that stays has been opened")));
    for (const bool dry : {true, false}) {
        const auto refused = forget_them({"4"}, dry);
        ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
        EXPECT_THAT(refused.error().message(), HasSubstr("no whole backup of app.db would stay"));
        EXPECT_THAT(refused.error().advice(), HasSubstr("--unsafe-allow-remove-all"));
    }
    EXPECT_THAT(numbers(), ElementsAre(4u));
    const auto all = must(forget(context, {.repository = in_repository(), .snapshots = {"4"}, .remove_all = true}));
    EXPECT_THAT(all.warnings, ElementsAre("no whole backup of app.db stays"));
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Forgetting, ADryRunChangesNothing) {
    const auto before = files_below(repository);
    const auto report = must(forget_them({"1"}, true));
    EXPECT_TRUE(report.dry_run);
    EXPECT_THAT(report.numbers, ElementsAre(1u));
    EXPECT_EQ(files_below(repository), before);
}

TEST_F(Forgetting, ADryRunFailsWhereTheRealRunWould) {
    must(forget_them({"1"}));
    files.read_only = {repository};
    for (const bool dry : {true, false}) {
        EXPECT_THAT(prune(context, {.repository = in_repository(), .dry_run = dry, .grace = "1d"}), FailsWith(ErrorCode::denied)) << dry;
        EXPECT_THAT(forget_them({"2"}, dry), FailsWith(ErrorCode::denied)) << dry;
        EXPECT_THAT(prune(context, {.repository = in_repository(), .dry_run = dry, .grace = "0"}), FailsWith(ErrorCode::denied)) << dry;
    }
}

TEST_F(Forgetting, OneUnknownNumberChangesNothing) {
    const auto before = files_below(repository);
    EXPECT_THAT(forget_them({"1", "77"}), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(recall_them({"1"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(forget_them({}), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(files_below(repository), before);
    must(forget_them({"1"}));
    EXPECT_THAT(forget_them({"2", "1"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(numbers(), ElementsAre(4u, 3u, 2u));
}

TEST_F(Forgetting, PruneHonoursTheGraceAndDoesWhatItsDryRunSays) {
    must(forget_them({"1", "3"}));
    const auto waiting = pruned("24h");
    EXPECT_THAT(waiting.dropped, IsEmpty());
    EXPECT_EQ(waiting.in_grace, 2u);
    clock.ahead_s += 25 * 3600;
    const auto before = files_below(repository);
    const auto plan = pruned("24h", true);
    EXPECT_EQ(files_below(repository), before);
    const auto done = pruned("24h");
    EXPECT_THAT(done.dropped, ElementsAre(1u, 3u));
    EXPECT_EQ(done.dropped, plan.dropped);
    EXPECT_EQ(done.bytes_freed, plan.bytes_freed);
    EXPECT_EQ(done.packs_removed, plan.packs_removed);
    EXPECT_THAT(recall_them({"1"}), FailsWith(ErrorCode::not_found));
    for (const std::uint64_t number : {2u, 4u}) {
        const std::string to = root / format("after {}.db", number);
        must(restore_to(std::to_string(number), to));
        EXPECT_EQ(rows_of(to), states[number]);
    }
    EXPECT_TRUE(verify_all().good);
    EXPECT_EQ(backup().number, 5u) << "numbers are never used twice";
}

TEST_F(Forgetting, AGraceThatIsNoDurationIsRefused) {
    EXPECT_THAT(prune(context, {.repository = in_repository(), .grace = "soon"}), FailsWith(ErrorCode::invalid));
}

TEST_F(Forgetting, PruneSweepsWhatDeadWritersLeft) {
    must(forget_them({"1"}));
    const auto report = pruned("0");
    EXPECT_THAT(report.waiting_for, IsEmpty());
    EXPECT_EQ(report.bytes_waiting, 0u);
    EXPECT_TRUE(!exists(repository + "/tmp") || std::filesystem::is_empty(repository + "/tmp"));
}

}  // namespace
}  // namespace holdfast::operations
