#include "holdfast/operations/verify.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Verifying : public World {
protected:
    Verifying() { make_repository(); }
    VerifyReport verified(const std::string& snapshot, const std::string& level = "opened") {
        auto request = verify_request(level);
        request.snapshot = snapshot;
        return must(verify(context, request));
    }
    std::string largest_pack() {
        std::string largest;
        for (const auto& [path, bytes] : files_below(repository + "/packs")) {
            if (largest.empty() || bytes.size() > std::filesystem::file_size(largest)) largest = path;
        }
        return largest;
    }
};

TEST_F(Verifying, GoodBackupsAreGoodAtEveryLevel) {
    create_database(database, 1000);
    backup();
    insert(database, 10);
    backup();
    for (const char* level : {"listed", "hashed", "opened"}) {
        const auto report = verify_all(level);
        EXPECT_TRUE(report.good) << level;
        EXPECT_EQ(report.level, level);
        EXPECT_THAT(report.verified, ElementsAre(1u, 2u));
        EXPECT_THAT(report.damage, IsEmpty());
        EXPECT_THAT(report.objects, IsEmpty());
    }
    EXPECT_GT(verify_all("hashed").bytes_read, 0u);
}

TEST_F(Verifying, ATimeBoxGoesOnWithWhatHasWaitedLongest) {
    create_database(database, 100);
    for (int turn = 0; turn < 3; ++turn) backup();
    must(forget(context, {.repository = in_repository(), .snapshots = {"2"}}));
    auto request = verify_request("opened");
    request.time_box = "0";  // no time, but the first is always brought to its end
    const auto in_turn = [&] {
        clock.ahead_s += 60;
        return must(verify(context, request));
    };
    const auto first = in_turn();
    EXPECT_THAT(first.verified, ElementsAre(3u)) << "of those never verified, the newest";
    EXPECT_EQ(first.left, 1u);
    EXPECT_FALSE(first.longest_unverified);
    const auto second = in_turn();
    EXPECT_THAT(second.verified, ElementsAre(1u));
    EXPECT_TRUE(second.longest_unverified);
    EXPECT_THAT(in_turn().verified, ElementsAre(3u));
    EXPECT_THAT(in_turn().verified, ElementsAre(1u));

    request.time_box = "1h";
    EXPECT_THAT(in_turn().verified, ElementsAre(3u, 1u));
    request.snapshot = "1";
    EXPECT_THAT(verify(context, request), FailsWith(ErrorCode::invalid));
}

TEST_F(Verifying, WithoutANameTheLatestIsMeant) {
    create_database(database, 100);
    backup();
    backup();
    EXPECT_THAT(verified("").verified, ElementsAre(2u));
    EXPECT_THAT(verified("1").verified, ElementsAre(1u));
    auto request = verify_request("deep");
    EXPECT_THAT(verify(context, request), FailsWith(ErrorCode::invalid));
    request = verify_request("listed");
    request.all = true;
    request.snapshot = "1";
    EXPECT_THAT(verify(context, request), FailsWith(ErrorCode::invalid));
}

TEST_F(Verifying, TheDepthReachedIsNotedAndAShallowerLookDoesNotUndoIt) {
    create_database(database, 100);
    backup();
    backup();
    EXPECT_EQ(shown("1").verified, "");
    verified("1", "hashed");
    EXPECT_THAT(shown("1").verified, HasSubstr("hashed, good"));
    verified("1", "opened");
    verified("1", "listed");
    EXPECT_THAT(shown("1").verified, HasSubstr("opened, good"));
    EXPECT_EQ(shown("last-good").backup.number, 1u);
}

TEST_F(Verifying, DamageIsToldWithItsExtentAndTables) {
    create_database(database, 3000, {.mode = "delete"});
    backup();
    const std::string pack = largest_pack();
    overwrite(pack, std::filesystem::file_size(pack) / 2, "xxxxxxxx");
    const auto report = verify_all("hashed");
    EXPECT_FALSE(report.good);
    ASSERT_FALSE(report.damage.empty());
    const auto& damage = report.damage.front();
    EXPECT_EQ(damage.number, 1u);
    EXPECT_EQ(damage.database, database);
    EXPECT_GT(damage.size, 0u);
    EXPECT_THAT(damage.tables, Contains(testing::AnyOf("ledger", "payloads")));
    EXPECT_THAT(damage.object + damage.why, HasSubstr(std::filesystem::path(pack).filename().string()));
    EXPECT_THAT(shown("1").verified, HasSubstr("damage found"));
    EXPECT_EQ(listed().backups.at(0).state, "verification found damage");
}

TEST_F(Verifying, WhatWasFoundDamagedIsNotPassedOver) {
    create_database(database, 3000, {.mode = "delete"});
    backup();
    std::filesystem::create_directory(root / "kept");
    insert(database, 3000);
    let_time_pass();
    backup();
    const std::string pack = largest_pack();
    overwrite(pack, std::filesystem::file_size(pack) / 2, "xxxxxxxx");
    for (int turn = 0; turn < 2; ++turn) {
        const auto report = verified("");
        EXPECT_FALSE(report.good) << turn;
        EXPECT_THAT(report.verified, ElementsAre(2u)) << turn;
    }
    for (const char* name : {"/snapshots/2", "/snapshots/2.copy"}) write(repository + name, "");
    EXPECT_FALSE(verified("").good) << "one that cannot be read is not passed over either";
    must(forget(context, {.repository = in_repository(), .snapshots = {"2"}}));
    must(prune(context, {.repository = in_repository(), .grace = "0"}));
    EXPECT_THAT(verified("").verified, ElementsAre(1u)) << "forgotten, though it cannot be read";
}

class PruneAtFirst final : public Progress {
public:
    explicit PruneAtFirst(std::function<void()> act) : act_(std::move(act)) {}
    void at(const ProgressStep&) override {
        if (const auto act = std::exchange(act_, nullptr)) act();
    }
    bool has_acted() const { return !act_; }

private:
    std::function<void()> act_;
};

TEST_F(Verifying, WhatIsPrunedMeanwhileIsLeftOut) {
    create_database(database, 300);
    for (const bool one_source : {false, true}) {
        for (const char* level : {"listed", "hashed", "opened"}) {
            const auto first = backup().number;
            insert(database, 100);
            const auto last = backup().number;
            PruneAtFirst progress([&] {
                auto other = context;
                other.watch = {};
                must(forget(other, {.repository = in_repository(), .snapshots = {format("{}", first)}}));
                must(prune(other, {.repository = in_repository(), .grace = "0"}));
            });
            context.watch = {.progress = &progress, .stop = {}};
            auto request = verify_request(level);
            request.all = true;
            if (one_source) request.source = database;
            const auto report = must(verify(context, request));
            context.watch = {};
            EXPECT_TRUE(progress.has_acted());
            EXPECT_TRUE(report.good) << level;
            EXPECT_THAT(report.verified, Contains(last)) << level;
            EXPECT_THAT(report.verified, ::testing::Not(Contains(first))) << level;
            EXPECT_THAT(report.warnings, Contains(HasSubstr(format("#{} has been pruned", first)))) << level;
        }
    }
}

TEST_F(Verifying, TheNewestOfEverySource) {
    create_database(database, 50);
    create_database(work + "/jobs.db", 50);
    EXPECT_THAT(verify(context, verify_request("opened")), FailsWith(ErrorCode::not_found));
    backup();
    backup();
    backup(work + "/jobs.db");
    EXPECT_THAT(verified("").verified, ElementsAre(2u, 3u));
}

TEST_F(Verifying, ASnapshotThatCannotBeReadIsDamage) {
    create_database(database, 100);
    backup();
    backup();
    overwrite(repository + "/snapshots/1", 60, "xxxx");
    const auto with_a_good_copy = verify_all("hashed");
    EXPECT_FALSE(with_a_good_copy.good);
    EXPECT_THAT(with_a_good_copy.objects, Contains(HasSubstr("snapshots/1")));
    overwrite(repository + "/snapshots/1.copy", 60, "xxxx");
    EXPECT_FALSE(verify_all("listed").good);
}

TEST_F(Verifying, ASourceThatWasQuietlyDamagedIsFoundOut) {
    create_database(database, 500, {.mode = "delete"});
    backup();
    overwrite(database, 5 * 4096 + 8, std::string(200, '\x7F'));
    let_time_pass();
    EXPECT_FALSE(backup().damaged) << "a backup does not read every page for damage";
    EXPECT_TRUE(verified("2", "hashed").good) << "the bytes are as they were";
    const auto report = verified("2", "opened");
    EXPECT_FALSE(report.good);
    EXPECT_THAT(report.sqlite_findings, Contains(HasSubstr("#2")));
    const auto restored = must(restore(context, {.repository = in_repository(), .snapshot = "2", .to = work + "/evidence.db"}));
    EXPECT_TRUE(restored.databases.at(0).damaged) << "as it was, and worth an exit code";
    EXPECT_EQ(shown("latest").backup.number, 1u) << "what is known to be damaged is not latest";
    for (const char* level : {"listed", "hashed"}) {
        const auto shallow = verified("2", level);
        EXPECT_TRUE(shallow.good);
        EXPECT_THAT(shallow.warnings, ElementsAre(HasSubstr("#2 stays marked as damaged"))) << level;
    }
    EXPECT_EQ(shown("latest").backup.number, 1u) << "and a look that goes less deep does not clear it";
}

TEST_F(Verifying, ASourceFoundDamagedIsInDoubtUntilABackupOfItIsGood) {
    create_database(database, 500, {.mode = "delete"});
    backup();
    const Bytes whole = tests::file_bytes(database);
    overwrite(database, 5 * 4096 + 8, std::string(200, '\x7F'));
    let_time_pass();
    EXPECT_EQ(backup().verified, "") << "nobody knows yet";
    EXPECT_FALSE(verified("2", "opened").good);

    const auto again = backup();
    EXPECT_EQ(again.verified, "damage found");
    EXPECT_TRUE(again.damaged);
    EXPECT_THAT(again.warnings, Contains(HasSubstr("#2")));
    auto request = backup_request({database});
    request.skip_unchanged = true;
    EXPECT_EQ(must(operations::backup(context, request)).number, 4u) << "what is damaged is not confirmed";
    EXPECT_EQ(shown("latest").backup.number, 1u) << "none of them pushes out the good one";

    tests::write_file(database, whole);
    let_time_pass();
    const auto repaired = backup();
    EXPECT_EQ(repaired.verified, "good");
    EXPECT_FALSE(repaired.damaged);
    EXPECT_EQ(shown("latest").backup.number, repaired.number);
    EXPECT_EQ(backup().verified, "") << "out of doubt";
}

TEST_F(Verifying, ASourceThatWasKnownToBeDamagedIsNoNews) {
    create_database(database, 500, {.mode = "delete"});
    overwrite(database, 100, std::string(3000, 'x'));
    EXPECT_TRUE(backup().damaged);
    const auto report = verified("1");
    EXPECT_TRUE(report.good) << "it comes back as it was";
    EXPECT_THAT(report.warnings, Contains(HasSubstr("damaged already")));
    ShowRequest request;
    request.repository = in_repository();
    request.snapshot = "last-good";
    EXPECT_THAT(show(context, request), FailsWith(ErrorCode::not_found));
}

TEST_F(Verifying, AReadOnlyRepositoryIsVerifiedToo) {
    create_database(database, 500);
    backup();
    files.read_only = {repository};
    EXPECT_TRUE(verify_all().good);
    EXPECT_TRUE(verified("1").good);
    EXPECT_EQ(shown("1").verified, "");
    must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(rows_of(root / "copy.db"), rows_of(database));
}

}  // namespace
}  // namespace holdfast::operations
