// What an earlier backup still had: told at every backup until it is back or accepted, and never forgotten meanwhile.
#include "holdfast/operations/losses.h"

#include "holdfast/operations/drill.h"
#include "holdfast/operations/hold.h"
#include "holdfast/operations/list.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Losing : public World {
protected:
    Losing() {
        make_repository();
        create_database(database, 100);
    }
    static constexpr std::string_view app = "[source.app]\ndatabases = [\"app.db\"]\n";
    static constexpr std::string_view expecting_rows = "[[source.app.expect]]\ntable = \"ledger\"\nloss_percent_max = 20\n";
    static constexpr std::string_view keeping_two = "[retention.automatic]\nkeep_last = 2\n";

    void settle(const std::string& text) { write(work + "/holdfast.toml", std::string(app) + text); }
    BackupReport automatic() {
        auto request = backup_request({database});
        request.purpose.operation = "schedule";
        return must(operations::backup(context, request));
    }
    std::vector<std::string> missed() {
        StatusRequest request;
        request.repository = in_repository();
        auto missed = must(status(context, request)).missed;
        std::erase(missed, "app: no backup is proven: holdfast drill");
        return missed;
    }
    Result<AnnotateReport> accept(const std::string& snapshot) {
        AnnotateRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.accept_loss = true;
        return annotate(context, request);
    }
    bool verified_unmet() {
        VerifyRequest request;
        request.repository = in_repository();
        request.level = "opened";
        return must(verify(context, request)).unmet;
    }
};

TEST_F(Losing, RowsAreMissedAtEveryBackupUntilTheyAreBack) {
    settle(std::string(expecting_rows));
    EXPECT_FALSE(backup().unmet);
    EXPECT_THAT(missed(), IsEmpty());
    execute(database, "DELETE FROM ledger WHERE n > 10");
    EXPECT_THAT(backup().warnings, Contains(HasSubstr("100 rows in backup #1: 90.0 %")));
    insert(database, 1);
    const auto later = backup();
    EXPECT_TRUE(later.unmet) << "the backup with too few rows is not what the next is compared with";
    EXPECT_THAT(later.warnings, Contains(HasSubstr("100 rows in backup #1")));
    EXPECT_THAT(later.warnings, Contains(HasSubstr("holdfast annotate 3 --accept-loss")));
    EXPECT_THAT(missed(), Contains(HasSubstr("backup #3 does not hold what is expected: table ledger")));
    EXPECT_TRUE(verified_unmet());
    insert(database, 90);
    EXPECT_FALSE(backup().unmet);
    EXPECT_THAT(missed(), IsEmpty());
    EXPECT_FALSE(verified_unmet());
}

TEST_F(Losing, WhatAPersonAcceptsIsTheMeasureFromThenOn) {
    settle(std::string(expecting_rows));
    backup();
    EXPECT_THAT(accept("1"), FailsWith(ErrorCode::invalid)) << "nothing was lost";
    execute(database, "DELETE FROM ledger WHERE n > 10");
    backup();
    EXPECT_TRUE(must(accept("2")).loss_accepted);
    EXPECT_THAT(accept("2"), FailsWith(ErrorCode::invalid)) << "that was done";
    EXPECT_EQ(shown("2").backup.comment, shown("1").backup.comment) << "its words are as they were";
    EXPECT_THAT(missed(), IsEmpty());
    EXPECT_FALSE(verified_unmet());
    insert(database, 1);
    EXPECT_FALSE(backup().unmet);
    execute(database, "DELETE FROM ledger WHERE n > 1");
    EXPECT_THAT(backup().warnings, Contains(HasSubstr("11 rows in backup #3"))) << "the next loss is another";
    EXPECT_THAT(missed(), Not(IsEmpty()));
}

TEST_F(Losing, AQueryCannotBeAcceptedAway) {
    settle("[[source.app.expect]]\nsql = \"SELECT count(*) > 50 FROM ledger\"\n");
    execute(database, "DELETE FROM ledger WHERE n > 10");
    EXPECT_TRUE(backup().unmet);
    EXPECT_THAT(missed(), ElementsAre(HasSubstr("SELECT count(*) > 50")));
    EXPECT_THAT(accept("1"), FailsWith(ErrorCode::invalid));
    settle("[[source.app.expect]]\nsql = \"SELECT count(*) > 5 FROM ledger\"\n");
    EXPECT_FALSE(verified_unmet());
    EXPECT_THAT(missed(), IsEmpty()) << "looked at again, it is as expected";
}

TEST_F(Losing, AnUnchangedDatabaseGoesOnBeingTold) {
    settle(std::string(expecting_rows));
    automatic();
    execute(database, "DELETE FROM ledger WHERE n > 10");
    let_time_pass();
    EXPECT_TRUE(automatic().unmet);
    const auto again = automatic();
    EXPECT_TRUE(again.confirmed_only);
    EXPECT_TRUE(again.unmet);
    EXPECT_TRUE(again.is_incomplete());
    EXPECT_THAT(again.expectations, IsEmpty()) << "by its notes; nothing was opened";
}

TEST_F(Losing, ThePolicyForgetsNothingWhileSomethingIsLost) {
    settle(std::string(expecting_rows) + std::string(keeping_two));
    for (int i = 0; i < 2; ++i) {
        insert(database, 1);
        automatic();
    }
    execute(database, "DELETE FROM ledger WHERE n > 10");
    for (int i = 0; i < 5; ++i) {
        insert(database, 1);
        const auto report = automatic();
        EXPECT_THAT(report.forgotten, IsEmpty());
        EXPECT_THAT(report.warnings, Contains(HasSubstr("no backup was forgotten by the retention policy")));
    }
    EXPECT_EQ(numbers().size(), 7u);
    insert(database, 95);
    EXPECT_THAT(automatic().forgotten, Not(IsEmpty())) << "the rows are back";
}

TEST_F(Losing, AnEmptiedDatabasePushesNothingOut) {
    settle(std::string(keeping_two));
    for (int i = 0; i < 2; ++i) {
        insert(database, 1);
        automatic();
    }
    const auto good = numbers();
    for (int i = 0; i < 5; ++i) {
        write(database, "");
        auto request = backup_request({database});
        request.purpose.operation = format("schedule{}", i);  // each gets a number of its own
        const auto report = must(operations::backup(context, request));
        EXPECT_TRUE(report.unmet) << i;
        EXPECT_THAT(report.forgotten, IsEmpty());
    }
    EXPECT_EQ(numbers().size(), 7u);
    for (const auto number : good) EXPECT_THAT(numbers(), Contains(number));
    EXPECT_THAT(missed(), Contains(HasSubstr("is empty; it was not in backup #2")));
    must(accept("latest"));
    EXPECT_THAT(missed(), IsEmpty());
    EXPECT_FALSE(backup().unmet);
}

TEST_F(Losing, ABaselineThatIsGoneDoesNotMakeItRight) {
    settle(std::string(expecting_rows));
    backup();
    execute(database, "DELETE FROM ledger WHERE n > 10");
    backup();
    ForgetRequest forget_first;
    forget_first.repository = in_repository();
    forget_first.snapshots = {"1"};
    must(forget(context, forget_first));
    PruneRequest prune_all;
    prune_all.repository = in_repository();
    prune_all.grace = "0";
    must(prune(context, prune_all));
    insert(database, 1);
    const auto report = backup();
    EXPECT_TRUE(report.unmet);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("the backup that had them is gone")));
}

TEST_F(Losing, AnEndlessQuestionIsUnmetAndTheBackupStands) {
    settle("[[source.app.expect]]\nsql = \"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n\"\ntime_limit = \"1s\"\n");
    const auto report = backup();
    EXPECT_TRUE(report.unmet);
    EXPECT_EQ(report.number, 1u);
    ASSERT_EQ(report.expectations.size(), 1u);
    EXPECT_THAT(report.expectations[0].why, HasSubstr("could not be answered in 1"));
    must(restore_to("1", work + "/copy.db"));
    EXPECT_EQ(rows_of(work + "/copy.db"), rows_of(database));
}

}  // namespace
}  // namespace holdfast::operations
