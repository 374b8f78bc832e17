#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "holdfast/live/replace.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/frozen_database.h"
#include "support/images.h"
#include "support/results.h"
#include "support/simulated_machine.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PlanReplacementTest : public ::testing::Test {
protected:
    Result<RoutePlan> plan(PlaceOptions options = {}) const {
        return plan_replacement(host::real_host(), path_, *image_, options);
    }
    // A machine on which every process can be looked into cannot be had everywhere: there the user's word must do.
    static PlaceOptions offline() { return {.offline = true, .wait_ms = 50}; }
    void run_and_close(const std::string& sql) const {
        DatabaseProcess process(path_);
        process.run(sql);
        process.close();
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    const Bytes database_ = tests::database_bytes(tests::rows_sql("new", 100));
    const std::unique_ptr<sqlite::Image> image_ = tests::image_of(database_);
};

TEST_F(PlanReplacementTest, NothingThere) {
    const auto planned = plan();
    ASSERT_THAT(planned, Succeeds());
    EXPECT_EQ(planned->route, Route::new_file);
    EXPECT_EQ(planned->target, fs::canonical(folder_.path()).string() + "/app.db");
    EXPECT_GE(planned->bytes_needed, image_->size());
    EXPECT_GT(planned->bytes_free, planned->bytes_needed);
    const auto deep = plan_replacement(host::real_host(), folder_ / "no/folder/app.db", *image_, {});
    ASSERT_THAT(deep, Succeeds());
    EXPECT_EQ(deep->route, Route::new_file);
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(PlanReplacementTest, ADatabaseInUseOrNot) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + "; CREATE TABLE t(x)");
        const auto used = plan();
        ASSERT_THAT(used, Succeeds());
        EXPECT_EQ(used->route, Route::transaction);
        ASSERT_FALSE(used->openers.empty());
        EXPECT_EQ(used->openers.front().process, application.pid());
        application.close();
        const auto before = tests::footprint(folder_.path());
        const auto idle = plan();
        ASSERT_THAT(idle, Succeeds());
        EXPECT_EQ(idle->route, Route::transaction);
        EXPECT_EQ(tests::footprint(folder_.path()), before);
        fs::remove(path_);
    }
}

TEST_F(PlanReplacementTest, AnEmptyFileIsADatabase) {
    tests::write_file(path_, {});
    const auto planned = plan();
    ASSERT_THAT(planned, Succeeds());
    EXPECT_EQ(planned->route, Route::transaction);
}

TEST_F(PlanReplacementTest, AnEmptyImageIsSwappedInOrPutWhereNothingIs) {
    const auto empty = tests::image_of({});
    ASSERT_THAT(plan_replacement(host::real_host(), path_, *empty, {}), Succeeds());
    run_and_close("CREATE TABLE t(x)");
    EXPECT_THAT(plan_replacement(host::real_host(), path_, *empty, {}), Not(Succeeds()));
    const auto planned = plan_replacement(host::real_host(), path_, *empty, offline());
    ASSERT_THAT(planned, Succeeds());
    EXPECT_EQ(planned->route, Route::swap);
}

TEST_F(PlanReplacementTest, ThroughALink) {
    fs::create_directory(folder_ / "real");
    DatabaseProcess maker(folder_ / "real/app.db");
    maker.run("CREATE TABLE t(x)");
    fs::create_symlink("real/app.db", path_);
    const auto planned = plan();
    ASSERT_THAT(planned, Succeeds());
    EXPECT_EQ(planned->route, Route::transaction);
    EXPECT_EQ(planned->target, fs::canonical(folder_.path()).string() + "/real/app.db");
}

TEST_F(PlanReplacementTest, AnotherPageSizeOrEncoding) {
    for (const std::string pragma : {"PRAGMA page_size=8192", "PRAGMA encoding='UTF-16'"}) {
        run_and_close(pragma + "; CREATE TABLE t(x)");
        const auto refused = plan();
        ASSERT_THAT(refused, Not(Succeeds()));
        EXPECT_THAT(refused.error().text(), HasSubstr("--offline"));
        const auto planned = plan(offline());
        ASSERT_THAT(planned, Succeeds());
        EXPECT_EQ(planned->route, Route::swap);
        DatabaseProcess application(path_);
        application.run("SELECT * FROM t");
        const auto busy = plan(offline());
        ASSERT_THAT(busy, FailsWith(ErrorCode::busy));
        EXPECT_THAT(busy.error().text(), HasSubstr(format("process {}", application.pid())));
        fs::remove(path_);
    }
}

TEST_F(PlanReplacementTest, WhatSqliteCannotUse) {
    auto cut_short = tests::database_bytes(tests::rows_sql("old", 1000));
    cut_short.resize(cut_short.size() / 2 / 4096 * 4096);
    for (const auto& content : {copy_of(bytes_of("this is not a database, and it is long enough to be sure of that; "
                                                 "nobody could take it for one, not even at a glance")),
                                cut_short}) {
        tests::write_file(path_, content);
        const auto planned = plan(offline());
        ASSERT_THAT(planned, Succeeds());
        EXPECT_EQ(planned->route, Route::swap);
        EXPECT_THAT(planned->why, HasSubstr("cannot be used as a database"));
    }
}

TEST_F(PlanReplacementTest, WhatNobodyMayReplace) {
    fs::create_directory(path_);
    EXPECT_THAT(plan(), FailsWith(ErrorCode::invalid));
    fs::remove(path_);
    DatabaseProcess application(path_);
    application.run("CREATE TABLE t(x); PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES (1)");
    const auto busy = plan({.wait_ms = 50});
    ASSERT_THAT(busy, FailsWith(ErrorCode::busy));
    EXPECT_THAT(busy.error().text(), AllOf(HasSubstr(format("process {}", application.pid())), HasSubstr("exclusive")));
}

TEST_F(PlanReplacementTest, TheRoomIsLookedAtFirst) {
    SimulatedMachine machine(1);
    machine.set_capacity(image_->size() - 1);
    EXPECT_THAT(plan_replacement(machine.host(), "/app.db", *image_, {}), FailsWith(ErrorCode::full));
    machine.set_capacity(image_->size());
    EXPECT_THAT(plan_replacement(machine.host(), "/app.db", *image_, {}), Succeeds());
}

}  // namespace
}  // namespace holdfast::live
