#include "holdfast/host/clock.h"
#include "holdfast/operations/apply_retention.h"
#include "holdfast/operations/hold.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/simulate_retention.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Retaining : public World {
protected:
    Retaining() {
        // Noon: what a test makes within minutes is of one day.
        const auto noon = [](CivilTime civil) {
            civil.hour = 12;
            return must(host::local_to_utc(civil));
        };
        const auto now = clock.now();
        const auto today = noon(civil_of(now, host::local_offset_s(now)));
        clock.ahead_s = (today.nanoseconds - now.nanoseconds) / nanoseconds_per_second + 86'400;
        make_repository();
        create_database(database, 300);
    }
    BackupReport backup_as(const std::string& kind, const std::vector<std::string>& tags = {}, const std::string& path = {}) {
        insert(path.empty() ? database : path, 20);
        let_time_pass();
        auto request = backup_request({path.empty() ? database : path});
        request.purpose.kind = kind;
        request.purpose.tags = tags;
        return must(operations::backup(context, request));
    }
    void backups(int count, const std::string& kind = "automatic") {
        for (int turn = 0; turn < count; ++turn) backup_as(kind);
    }
    Result<ForgetReport> try_forget(ForgetRequest request) {
        request.repository = in_repository();
        return forget(context, request);
    }
    ForgetReport forgotten(const ForgetRequest& request) { return must(try_forget(request)); }
    static const RetentionVerdict& verdict(const ForgetReport& report, std::uint64_t number) {
        const auto at = std::ranges::find(report.verdicts, number, &RetentionVerdict::number);
        EXPECT_NE(at, report.verdicts.end()) << number;
        return *at;
    }
    VerifyReport verify_one(const std::string& number) {
        auto request = verify_request("opened");
        request.snapshot = number;
        return must(verify(context, request));
    }
};

TEST_F(Retaining, KeepLastKeepsExactlySoManyOfThatKind) {
    backups(3, "manual");
    backups(8);
    const ForgetRequest request{.keep = {.last = "5"}, .narrow = {.kind = "automatic"}};
    EXPECT_THAT(forgotten(request).numbers, ElementsAre(4u, 5u, 6u));
    EXPECT_THAT(numbers(), ElementsAre(11u, 10u, 9u, 8u, 7u, 3u, 2u, 1u));
    EXPECT_THAT(forgotten(request).numbers, IsEmpty()) << "once more changes nothing";
}

TEST_F(Retaining, WhatIsHeldStaysBesides) {
    backups(8);
    must(hold(context, {.repository = in_repository(), .snapshots = {"2"}, .reason = "the auditor asked"}));
    const auto report = forgotten({.keep = {.last = "5"}, .narrow = {.kind = "automatic"}});
    EXPECT_THAT(report.numbers, ElementsAre(1u, 3u));
    EXPECT_THAT(verdict(report, 2).reasons, ElementsAre("held: the auditor asked"));
    for (const bool dry : {true, false}) {
        const auto refused = try_forget({.snapshots = {"2"}, .dry_run = dry});
        ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
        EXPECT_THAT(refused.error().advice(), HasSubstr("holdfast unhold 2"));
    }
}

TEST_F(Retaining, ADryRunSaysWhatTheRealRunDoes) {
    backups(13);
    ForgetRequest request{.keep = {.daily = "1", .weekly = "2"}, .dry_run = true};
    const auto before = files_below(repository);
    const auto plan = forgotten(request);
    EXPECT_EQ(files_below(repository), before);
    request.dry_run = false;
    const auto done = forgotten(request);
    EXPECT_EQ(plan.numbers, done.numbers);
    EXPECT_FALSE(done.numbers.empty());
    ASSERT_EQ(plan.verdicts.size(), done.verdicts.size());
    for (std::size_t at = 0; at < plan.verdicts.size(); ++at) {
        EXPECT_EQ(plan.verdicts[at].number, done.verdicts[at].number);
        EXPECT_EQ(plan.verdicts[at].kept, done.verdicts[at].kept);
        EXPECT_EQ(plan.verdicts[at].reasons, done.verdicts[at].reasons);
        EXPECT_FALSE(plan.verdicts[at].reasons.empty());
    }
    for (const auto number : done.numbers) must(recall(context, {.repository = in_repository(), .snapshots = {std::to_string(number)}}));
    EXPECT_THAT(numbers(), Contains(done.numbers.front()));
}

TEST_F(Retaining, EverySourceHasItsOwnRulesAndSourceNamesOne) {
    const std::string other = work + "/other.db";
    create_database(other, 300);
    for (int turn = 0; turn < 4; ++turn) {
        backup_as("automatic");
        backup_as("automatic", {}, other);
    }
    EXPECT_THAT(forgotten({.keep = {.last = "3"}, .source = other, .dry_run = true}).numbers, ElementsAre(2u));
    EXPECT_THAT(forgotten({.keep = {.last = "3"}}).numbers, ElementsAre(1u, 2u));
    EXPECT_THAT(try_forget({.keep = {.last = "3"}, .source = "nobody"}), FailsWith(ErrorCode::not_found));
}

TEST_F(Retaining, TagsAndOperationsNarrow) {
    backup_as("automatic", {"team=blue"});
    backup_as("automatic", {"team=blue"});
    backups(3);
    EXPECT_THAT(forgotten({.keep = {.last = "1"}, .narrow = {.tags = {"team"}}}).numbers, ElementsAre(1u));
    EXPECT_THAT(forgotten({.keep = {.last = "1"}, .narrow = {.operation = "migrate"}}).numbers, IsEmpty());
}

TEST_F(Retaining, ThePolicyRunsAfterEachBackupAndTheNewOneIsVerifiedFirst) {
    backups(10);
    EXPECT_FALSE(shown("10").verified_at) << "nothing was to be forgotten";
    const auto report = backup_as("automatic");
    EXPECT_THAT(report.warnings, Not(Contains(HasSubstr("retention"))));
    EXPECT_THAT(report.forgotten, IsEmpty()) << "the oldest stays while days and months have room";
    const auto next = backup_as("automatic");
    EXPECT_THAT(next.forgotten, ElementsAre(2u));
    EXPECT_TRUE(shown("12").verified_at);
    EXPECT_THAT(shown("12").verified, HasSubstr("good"));
    EXPECT_THAT(numbers(), SizeIs(11));
    EXPECT_TRUE(verify_all().good);
}

TEST_F(Retaining, ManualBackupsAreNeverForgottenByThemselves) {
    backups(14, "manual");
    EXPECT_THAT(numbers(), SizeIs(14));
    EXPECT_THAT(forgotten({.policy = true}).numbers, IsEmpty());
}

TEST_F(Retaining, TheLastVerifiedBackupStays) {
    backups(6);
    verify_one("2");
    const auto report = forgotten({.keep = {.last = "2"}});
    EXPECT_THAT(report.numbers, ElementsAre(1u, 3u, 4u));
    EXPECT_THAT(verdict(report, 2).reasons, Contains("the last verified backup"));
}

class Applying : public Retaining {
protected:
    // As if the last backup had just been committed: under rules that keep two.
    AppliedRetention applied() {
        const auto opened = must(open_repository(context, in_repository(), {}));
        const auto newest = must(opened->get().newest([](const auto&) { return true; }));
        return apply_retention(context, opened->get(), *newest, {.otherwise = {.automatic = {.last = 2}}, .of_source = {}});
    }
    std::set<std::string> packs() const {
        std::set<std::string> found;
        for (const auto& [path, bytes] : files_below(repository + "/packs")) found.insert(path);
        return found;
    }
};

TEST_F(Applying, ForgetsOnceTheNewBackupIsVerified) {
    backups(5);
    EXPECT_EQ(shown("5").verified, "");
    const auto done = applied();
    EXPECT_THAT(done.forgotten, ElementsAre(2u, 3u)) << "the oldest stays until one has been opened";
    EXPECT_THAT(done.warnings, IsEmpty());
    EXPECT_EQ(shown("5").verified, "listed, good");
    EXPECT_THAT(applied().forgotten, IsEmpty());
    verify_one("5");
    EXPECT_THAT(applied().forgotten, ElementsAre(1u));
}

TEST_F(Applying, NothingIsForgottenWhileTheNewBackupIsNotGood) {
    backups(4);
    const auto before = packs();
    backups(1);
    std::size_t spoilt = 0;
    for (const auto& pack : packs()) {
        if (before.contains(pack)) continue;
        const auto size = std::filesystem::file_size(pack);
        for (std::size_t at = size / 4; at + 8 < size; at += size / 4) overwrite(pack, at, "damage");
        ++spoilt;
    }
    ASSERT_GT(spoilt, 0u);
    const auto refused = applied();
    EXPECT_THAT(refused.forgotten, IsEmpty());
    EXPECT_THAT(refused.warnings, ElementsAre(HasSubstr("verifying #5 found damage")));
    EXPECT_THAT(numbers(), SizeIs(5));
    EXPECT_EQ(shown("5").verified, "listed, damage found");
    EXPECT_THAT(applied().forgotten, IsEmpty()) << "nor afterwards";
}

TEST_F(Applying, NothingIsForgottenWhileAPackOfTheNewBackupIsMissing) {
    backups(1);
    const auto first = packs();
    backups(4);
    for (const auto& pack : first) std::filesystem::remove(pack);
    const auto refused = applied();
    EXPECT_THAT(refused.forgotten, IsEmpty());
    EXPECT_THAT(refused.warnings, ElementsAre(HasSubstr("no backup was forgotten")));
}

TEST_F(Applying, APartialBackupForgetsNothing) {
    backups(4);
    auto request = backup_request({database, work + "/missing.db"});
    request.purpose.kind = "automatic";
    must(operations::backup(context, request));
    EXPECT_THAT(applied().forgotten, IsEmpty());
    EXPECT_THAT(numbers(), SizeIs(5));
}

TEST_F(Retaining, WaysThatCannotGoTogetherAreRefused) {
    backups(2);
    const auto before = files_below(repository);
    for (const auto& request : {ForgetRequest{}, ForgetRequest{.snapshots = {"1"}, .policy = true}, ForgetRequest{.snapshots = {"1"}, .keep = {.last = "1"}},
                                ForgetRequest{.policy = true, .keep = {.last = "1"}}, ForgetRequest{.snapshots = {"1"}, .source = "app.db"},
                                ForgetRequest{.narrow = {.kind = "automatic"}}, ForgetRequest{.policy = true, .narrow = {.kind = "automatic"}},
                                ForgetRequest{.keep = {.last = "0"}}, ForgetRequest{.keep = {.last = "-1"}}, ForgetRequest{.keep = {.within = "soon"}},
                                ForgetRequest{.keep = {.last = "1"}, .narrow = {.kind = "odd"}}, ForgetRequest{.remove_all = true},
                                ForgetRequest{.keep = {.last = "1"}, .source = "app.db", .remove_all = true}}) {
        const auto refused = try_forget(request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
        EXPECT_FALSE(refused.error().advice().empty()) << refused.error().message();
    }
    EXPECT_EQ(files_below(repository), before);
}

TEST_F(Retaining, RemovingAllOfAKindNeedsItsOwnWord) {
    backups(2, "manual");
    backups(3);
    EXPECT_THAT(forgotten({.narrow = {.kind = "automatic"}, .remove_all = true}).numbers, ElementsAre(3u, 4u, 5u));
    EXPECT_THAT(numbers(), ElementsAre(2u, 1u));
}

TEST_F(Retaining, ANoteThatCannotBeReadMayBeAHold) {
    backups(3);
    must(hold(context, {.repository = in_repository(), .snapshots = {"1"}, .reason = {}}));
    for (const auto& [path, bytes] : files_below(repository + "/notes")) overwrite(path, bytes.size() / 2, "XXXX");
    EXPECT_THAT(try_forget({.keep = {.last = "1"}}), FailsWith(ErrorCode::corrupt));
}

TEST_F(Retaining, ASimulationNeedsNoRepository) {
    const auto report = must(simulate_retention(
        context, {.schedule = "daily 12:00", .span = "30d", .from = "2026-09-01T00:00:00Z", .time_zone = "UTC", .keep = {.daily = "3", .monthly = "2"}}));
    EXPECT_EQ(report.made, 30u);
    EXPECT_EQ(report.policy, "daily 3, monthly 2");
    std::vector<std::string> days;
    for (const auto& kept : report.kept) days.push_back(kept.local_time.substr(0, 10));
    EXPECT_THAT(days, ElementsAre("2026-09-30", "2026-09-29", "2026-09-28", "2026-09-01"));
    EXPECT_THAT(simulate_retention(context, {.schedule = "often"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(simulate_retention(context, {.span = "0"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(simulate_retention(context, {.time_zone = "Mars/Olympus"}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(simulate_retention(context, {.schedule = "every 1m"}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::operations
