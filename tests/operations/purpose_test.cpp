#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Purposes : public World {
protected:
    Purposes() { make_repository(); }
    BackupReport back_up(const PurposeRequest& purpose) {
        auto request = backup_request({database});
        request.purpose = purpose;
        let_time_pass();
        return must(operations::backup(context, request));
    }
    std::vector<std::uint64_t> numbers_with(const NarrowRequest& narrow) {
        ListRequest request;
        request.repository = in_repository();
        request.narrow = narrow;
        std::vector<std::uint64_t> numbers;
        for (const auto& backup : must(list(context, request)).backups) numbers.push_back(backup.number);
        return numbers;
    }
};

TEST_F(Purposes, AnOperationMakesItAutomaticAndCommentsHaveDefaults) {
    create_database(database);
    const auto manual = back_up({});
    EXPECT_EQ(manual.kind, "manual");
    EXPECT_EQ(manual.comment, "Manual backup");
    const auto automatic = back_up({.operation = "add_tag_to_contact"});
    EXPECT_EQ(automatic.kind, "automatic");
    EXPECT_EQ(automatic.operation, "add_tag_to_contact");
    EXPECT_EQ(automatic.comment, "Auto-backup before: add_tag_to_contact");
    EXPECT_EQ(back_up({.kind = "automatic"}).comment, "Automatic backup");
    const auto shown = listed().backups.at(1);
    EXPECT_EQ(shown.kind, "automatic");
    EXPECT_EQ(shown.operation, "add_tag_to_contact");
}

TEST_F(Purposes, UnknownKindsAndSafetyAreRefused) {
    create_database(database);
    for (const char* kind : {"auto", "safety", "void"}) {
        auto request = backup_request({database});
        request.purpose.kind = kind;
        EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::invalid)) << kind;
    }
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Purposes, ACrashingMigrationThatChangesNothingAddsNothing) {
    create_database(database);
    const auto first = back_up({.operation = "migrate"});
    EXPECT_FALSE(first.confirmed_only);
    const auto bytes = files_below(repository + "/packs");
    for (int turn = 0; turn < 5; ++turn) {
        const auto again = back_up({.operation = "migrate"});
        EXPECT_TRUE(again.confirmed_only);
        EXPECT_EQ(again.number, first.number);
        EXPECT_EQ(again.bytes_stored, 0u);
    }
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1});
    EXPECT_EQ(files_below(repository + "/packs"), bytes);
    EXPECT_TRUE(shown("1").last_confirmed);
}

TEST_F(Purposes, AnotherPurposeHasANumberOfItsOwnAndIsFoundAgainLater) {
    create_database(database);
    EXPECT_EQ(back_up({.operation = "migrate"}).number, 1u);
    EXPECT_EQ(back_up({.operation = "cleanup"}).number, 2u);
    EXPECT_EQ(back_up({}).number, 3u);
    EXPECT_EQ(back_up({}).number, 4u) << "every manual one is one";
    EXPECT_EQ(back_up({.operation = "migrate", .tags = {"release=2"}}).number, 5u);
    EXPECT_EQ(back_up({.operation = "migrate", .comment = "by hand"}).number, 6u);
    EXPECT_EQ(back_up({.operation = "migrate"}).number, 1u) << "the same content for the same reason";
    EXPECT_EQ(back_up({.operation = "cleanup"}).number, 2u);
    insert(database, 1);
    EXPECT_EQ(back_up({.operation = "migrate"}).number, 7u);
    execute(database, "DELETE FROM ledger WHERE n = (SELECT max(n) FROM ledger)");
    EXPECT_FALSE(back_up({.operation = "cleanup"}).confirmed_only) << "what lies before a change is not the present state";
}

TEST_F(Purposes, WhatWasForgottenIsNoAnswer) {
    create_database(database);
    back_up({.operation = "migrate"});
    must(forget(context, {.repository = in_repository(), .snapshots = {"1"}, .remove_all = true}));
    EXPECT_EQ(back_up({.operation = "migrate"}).number, 2u);
}

TEST_F(Purposes, TheNewestOfAnOperationOrTagIsFound) {
    create_database(database);
    back_up({.operation = "migrate"});
    insert(database, 1);
    back_up({.tags = {"archive", "release=2"}});
    insert(database, 1);
    back_up({.operation = "cleanup"});
    EXPECT_THAT(numbers_with({.operation = "migrate"}), ElementsAre(1));
    EXPECT_THAT(numbers_with({.kind = "automatic"}), ElementsAre(3, 1));
    EXPECT_THAT(numbers_with({.tags = {"archive"}}), ElementsAre(2));
    EXPECT_THAT(numbers_with({.tags = {"release"}}), ElementsAre(2));
    EXPECT_THAT(numbers_with({.tags = {"release=3"}}), IsEmpty());
    EXPECT_THAT(numbers_with({.tags = {"archive", "release=2"}}), ElementsAre(2));

    RestoreRequest request;
    request.repository = in_repository();
    request.narrow.operation = "migrate";
    request.to = root / "before.db";
    EXPECT_EQ(must(restore(context, request)).number, 1u);
    request.narrow.operation = "nothing";
    const auto none = restore(context, request);
    ASSERT_THAT(none, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(none.error().text(), HasSubstr("--operation"));
}

TEST_F(Purposes, ASchemaVersionIsAskedAndChangesAreMarked) {
    create_database(database);
    execute(database, "CREATE TABLE schema_version(version INTEGER); INSERT INTO schema_version VALUES (16)");
    auto request = backup_request({database});
    request.schema_version_query = "SELECT max(version) FROM schema_version";
    must(operations::backup(context, request));
    execute(database, "INSERT INTO schema_version VALUES (17)");
    must(operations::backup(context, request));
    execute(database, "ALTER TABLE ledger ADD COLUMN remark TEXT; INSERT INTO schema_version VALUES (18)");
    must(operations::backup(context, request));
    const auto backups = listed().backups;
    EXPECT_EQ(backups[2].schema_version, "16");
    EXPECT_EQ(backups[1].schema_version, "17");
    EXPECT_EQ(backups[0].schema_version, "18");
    EXPECT_FALSE(backups[2].schema_changed) << "the first";
    EXPECT_TRUE(backups[1].schema_changed) << "the version alone is another";
    EXPECT_TRUE(backups[0].schema_changed);

    request.schema_version_query = "SELECT version FROM no_such_table";
    const auto report = must(operations::backup(context, request));
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("no_such_table")));
    EXPECT_EQ(listed().backups[0].schema_version, "");
}

TEST_F(Purposes, TheListCanBeCutByTime) {
    create_database(database);
    back_up({});
    clock.ahead_s += 3600;
    back_up({});
    ListRequest request;
    request.repository = in_repository();
    request.since = "30 minutes ago";
    EXPECT_EQ(must(list(context, request)).backups.size(), 1u);
    request.since = "";
    request.until = "30 minutes ago";
    EXPECT_EQ(must(list(context, request)).backups.at(0).number, 1u);
    request.until = "no time";
    EXPECT_THAT(list(context, request), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::operations
