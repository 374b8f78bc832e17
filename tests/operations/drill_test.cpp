#include "holdfast/operations/drill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/host/process_identity.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Drilling : public World {
protected:
    Drilling() {
        make_repository();
        must(files.make_folder(place, 0755));
        create_database(database, 1000);
    }
    DrillRequest drill_request(const std::string& snapshot = "") const {
        DrillRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.folder = place;
        return request;
    }
    std::vector<std::string> findings(const DrillRequest& request) {
        const auto report = must(drill(context, request));
        EXPECT_TRUE(std::filesystem::is_empty(place)) << "the copy is gone";
        return report.backups.at(0).databases.at(0).findings;
    }
    bool is_last_good(std::uint64_t number) {
        const auto found = try_show("last-good");
        return found && found->backup.number == number;
    }
    Result<ShowReport> try_show(const std::string& snapshot) {
        ShowRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        return show(context, request);
    }
    std::string place = root / "place";
};

TEST_F(Drilling, AGoodBackupPassesIsTimedAndNoted) {
    backup();
    EXPECT_THAT(try_show("last-good"), FailsWith(ErrorCode::not_found));
    for (const char* scenario : {"deletion", "corruption", "server"}) {
        auto request = drill_request();
        request.scenario = scenario;
        const auto report = must(drill(context, request));
        EXPECT_TRUE(report.passed);
        ASSERT_EQ(report.backups.size(), 1u);
        const auto& drilled = report.backups[0];
        EXPECT_EQ(drilled.scenario, scenario);
        EXPECT_EQ(drilled.bytes, std::filesystem::file_size(database));
        EXPECT_GT(drilled.restore_ms, 0);
        EXPECT_GE(drilled.total_ms, drilled.restore_ms);
        EXPECT_EQ(drilled.databases.at(0).check, "ok");
        EXPECT_EQ(drilled.databases.at(0).proof, "content");
        EXPECT_TRUE(std::filesystem::is_empty(place));
    }
    EXPECT_TRUE(is_last_good(1));
}

TEST_F(Drilling, EveryNewestBackupOfASourceIsDrilled) {
    backup();
    backup();
    create_database(work + "/jobs.db", 10);
    backup(work + "/jobs.db");
    const auto report = must(drill(context, drill_request()));
    ASSERT_EQ(report.backups.size(), 2u);
    EXPECT_EQ(report.backups[0].number, 3u);
    EXPECT_EQ(report.backups[1].number, 2u);
}

TEST_F(Drilling, ExpectationsDecide) {
    backup();
    auto request = drill_request("1");
    request.expect = {"SELECT count(*) > 0 FROM ledger", "SELECT max(n) FROM ledger"};
    EXPECT_THAT(findings(request), IsEmpty());
    request.expect = {"SELECT count(*) > 5000 FROM ledger"};
    EXPECT_THAT(findings(request), Contains(HasSubstr("the answer is 0")));
    EXPECT_FALSE(is_last_good(1));
    for (const char* sql : {"SELECT NULL", "SELECT 'no'", "SELECT n FROM ledger WHERE 0", "SELECT * FROM missing", "DELETE FROM ledger"}) {
        request.expect = {sql};
        EXPECT_FALSE(findings(request).empty()) << sql;
    }
    EXPECT_FALSE(must(drill(context, request)).passed);
}

TEST_F(Drilling, ATableThatLostTooManyRowsIsFound) {
    backup();
    execute(database, "DELETE FROM ledger WHERE n > 750");
    backup();
    auto request = drill_request("2");
    request.expectations = {{.sql = {}, .table = "ledger", .loss_percent_max = 20}};
    EXPECT_THAT(findings(request), Contains(HasSubstr("1000 rows in backup #1: 25.0 % are gone")));
    request.expectations[0].loss_percent_max = 25;
    EXPECT_THAT(findings(request), IsEmpty());
    request.snapshot = "1";
    EXPECT_THAT(findings(request), IsEmpty()) << "nothing came before it";
}

TEST_F(Drilling, MissingParentsAreFound) {
    execute(database, "CREATE TABLE child(n REFERENCES ledger(n)); INSERT INTO child VALUES (1), (999999)");
    backup();
    EXPECT_THAT(findings(drill_request("1")), Contains(HasSubstr("1 row of child")));
}

TEST_F(Drilling, TheSmokeCommandSeesTheRestoredFile) {
    backup();
    auto request = drill_request("1");
    const std::string seen = root / "seen.db";
    request.smoke = "cp \"$HOLDFAST_DATABASE\" '" + seen + "'";
    EXPECT_THAT(findings(request), IsEmpty());
    EXPECT_EQ(rows_of(seen), rows_of(database));
    request.smoke = "echo health check failed; exit 3";
    const auto found = findings(request);
    EXPECT_THAT(found, Contains(HasSubstr("health check failed")));
    EXPECT_THAT(found, Contains(HasSubstr("3")));
    request.smoke = "sleep 60";
    request.smoke_limit_s = 1;
    EXPECT_FALSE(findings(request).empty());
}

TEST_F(Drilling, DamageInTheRepositoryFailsTheDrill) {
    execute(database, format("INSERT INTO ledger(payload) SELECT hex(randomblob(3000)) FROM ledger LIMIT 300"));
    backup();
    for (const auto& [path, bytes] : files_below(repository + "/packs")) {
        if (bytes.size() > 100'000) overwrite(path, bytes.size() / 2, "damage");
    }
    const auto report = must(drill(context, drill_request("1")));
    EXPECT_FALSE(report.passed);
    EXPECT_FALSE(report.backups.at(0).error.empty());
    EXPECT_TRUE(std::filesystem::is_empty(place));
    EXPECT_THAT(try_show("last-good"), FailsWith(ErrorCode::not_found));
}

TEST_F(Drilling, APlaceWithoutRoomIsTold) {
    backup();
    auto request = drill_request("1");
    request.folder = root / "no such folder";
    EXPECT_THAT(drill(context, request), FailsWith(ErrorCode::full));
    request = drill_request("1");
    request.scenario = "earthquake";
    EXPECT_THAT(drill(context, request), FailsWith(ErrorCode::invalid));
}

TEST_F(Drilling, WhatADeadProgramLeftIsRemoved) {
    backup();
    auto nobody = host::this_process();
    nobody.process = 4'194'305;  // above the highest that Linux gives
    ASSERT_EQ(host::is_alive(nobody), host::Alive::no);
    const std::string dead = place + "/.holdfast-temporary-" + nobody.text() + "_0123456789abcdef";
    const std::string others = place + "/.holdfast-temporary-something else";
    must(files.make_folder(others, 0700));
    must(files.make_folder(dead, 0700));
    must(drill(context, drill_request("1")));
    EXPECT_FALSE(exists(dead));
    EXPECT_TRUE(exists(others)) << "whose it is cannot be told";
}

}  // namespace
}  // namespace holdfast::operations
