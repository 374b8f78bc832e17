#include "holdfast/operations/nearest_database.h"

#include <gtest/gtest.h>

namespace holdfast::operations {
namespace {

constexpr std::int64_t minute_ns = 60 * nanoseconds_per_second, day_ns = 1440 * minute_ns;
const LivePaths live{.database = "/srv/data/app.db", .companion = "/srv/data/faiss"};

OutsideTime at(std::int64_t minutes, std::string from = "name") { return {.time = {minutes * minute_ns}, .from = std::move(from)}; }
OldDatabase database(const std::string& path, OutsideTime time) { return {.file = path, .name = path, .at = {.archive = {}, .path = path}, .time = std::move(time)}; }
OldCompanion companion(const std::string& path, OutsideTime time) { return {.at = {.archive = {}, .path = path}, .time = std::move(time), .parts_alike = 1}; }

TEST(NearestDatabase, IsTheOneNearestInTimeOnEitherSide) {
    const std::vector<OldDatabase> databases = {database("/b/a_1.db", at(100)), database("/b/a_2.db", at(200)), database("/b/a_3.db", at(300))};
    const auto near = [&](std::int64_t minutes) { return database_for(companion("/b/faiss_x", at(minutes)), databases, live); };
    EXPECT_EQ(near(90).database, &databases[0]);
    EXPECT_EQ(near(190).database, &databases[1]);
    EXPECT_EQ(near(190).apart_ns, 10 * minute_ns);
    EXPECT_EQ(near(900).database, &databases[2]);
    EXPECT_EQ(near(190).also, "");
    EXPECT_EQ(near(150).database, &databases[0]) << "the one before";
    EXPECT_EQ(near(150).also, "/b/a_2.db");
}

TEST(NearestDatabase, OfADayAllOfItIsAsNear) {
    const std::vector<OldDatabase> databases = {database("/b/a_1.db", at(100)), database("/b/a_2.db", at(1500)), database("/b/a_3.db", at(1600))};
    const auto first = database_for(companion("/b/faiss_x", at(0, "day")), databases, live);
    EXPECT_EQ(first.database, &databases[0]);
    EXPECT_EQ(first.apart_ns, 0);
    EXPECT_EQ(first.also, "");
    const auto second = database_for(companion("/b/faiss_x", {.time = {day_ns}, .from = "day"}), databases, live);
    EXPECT_EQ(second.apart_ns, 0);
    EXPECT_NE(second.also, "");
}

TEST(NearestDatabase, WhereItLiesTellsMoreThanTimes) {
    const std::vector<OldDatabase> databases = {database("/b/x/app.db", at(5000)), database("/b/x/app_1.db", at(100)), database("/b/chk/state.db", at(9000))};
    const auto as_live = database_for(companion("/b/x/faiss", at(100)), databases, live);
    EXPECT_EQ(as_live.database, &databases[0]);
    EXPECT_EQ(as_live.apart_ns, 4900 * minute_ns) << "and how far apart they are is told";
    auto checkpoint = companion("/b/chk", at(100));
    checkpoint.names = {"1.index"};
    EXPECT_EQ(database_for(checkpoint, databases, live).database, &databases[2]);
    EXPECT_EQ(database_for(checkpoint, databases, live).apart_ns, 8900 * minute_ns);
    checkpoint.made_in = "/b/chk";
    EXPECT_EQ(database_for(checkpoint, databases, live).apart_ns, 0) << "its name or manifest tells when all of it was made";
}

TEST(NearestDatabase, WhatIsInOneArchiveIsOfOneMaking) {
    std::vector<OldDatabase> databases = {database("/b/a_1.db", at(100)), database("old/app_2.db", at(900))};
    databases[1].at = {.archive = "/b/all.tar", .path = "old/app_2.db"};
    auto copy = companion("faiss", at(100));
    copy.at.archive = "/b/all.tar";
    EXPECT_EQ(database_for(copy, databases, live).database, &databases[1]);
    EXPECT_EQ(database_for(copy, databases, live).apart_ns, 0);
    databases.push_back(databases[1]);
    EXPECT_EQ(database_for(copy, databases, live).database, &databases[0]) << "several: their times count";
}

TEST(NearestDatabase, NothingIsInvented) {
    const std::vector<OldDatabase> databases = {database("/b/a_1.db", at(100))};
    EXPECT_EQ(database_for(companion("/b/faiss", {.time = {}, .from = ""}), databases, live).why, "nothing tells when it was made");
    EXPECT_EQ(database_for(companion("/b/faiss", at(1)), {}, live).why, "there is no copy of the database that tells its time");
    auto file = companion("/b/other/config.yaml", at(100));
    file.is_of_a_database = true;
    EXPECT_EQ(database_for(file, databases, live).database, nullptr);
}

}  // namespace
}  // namespace holdfast::operations
