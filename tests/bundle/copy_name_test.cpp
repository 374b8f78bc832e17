#include "holdfast/bundle/copy_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/text.h"
#include "holdfast/bundle/backup_name.h"
#include "support/results.h"

namespace holdfast::bundle {
namespace {

using tests::must;
using ::testing::HasSubstr;

CopyNameFacts facts(const std::string& database, bool is_automatic = false) {
    return {.database = database, .time = must(timestamp_of({.year = 2025, .month = 1, .day = 2, .hour = 14, .minute = 30, .second = 45}, 0)), .utc_offset_s = 3600, .number = 43, .is_automatic = is_automatic};
}
std::string filled(std::string_view name, const CopyNameFacts& with) { return must(must(CopyTemplate::parse(name)).fill(with)); }
std::string refusal(std::string_view name) {
    const auto parsed = CopyTemplate::parse(name);
    return parsed ? "none" : parsed.error().text();
}

TEST(CopyName, GivesTheNamesOfTheApplicationsAndTheyAreReadBack) {
    EXPECT_EQ(filled("{database}-{date}-{time}.db", facts("devteam.db")), "devteam-20250102-153045.db");
    EXPECT_EQ(filled("{database}.db.backup.{date}_{time}", facts("agent.db")), "agent.db.backup.20250102_153045");
    EXPECT_EQ(filled("{database}.db.backup_{date}_{time}{auto}.db", facts("prt.db", true)), "prt.db.backup_20250102_153045_auto.db");
    EXPECT_EQ(filled("{database}.db.backup_{date}_{time}{auto}.db", facts("prt.db")), "prt.db.backup_20250102_153045.db");
    EXPECT_EQ(filled("{database}_{date}_{time}.db", facts("app.sqlite3")), "app_20250102_153045.db");
    EXPECT_EQ(filled("{database}.db.{stamp}", facts("agent.db")), "agent.db.2025-01-02T14-30-45") << "UTC, as JavaScript writes it";
    EXPECT_EQ(filled("#{number} {kind} of {database}", facts("archive")), "#43 manual of archive");
    for (const std::string_view name : {"{database}-{date}-{time}.db", "{database}.db.backup.{date}_{time}", "{database}.db.backup_{date}_{time}{auto}.db", "{database}.db.{stamp}"}) {
        const auto read = read_backup_name(numbered_name(filled(name, facts("x.db", true)), 2));
        EXPECT_EQ(read.database, "x.db") << name;
        EXPECT_EQ(must(timestamp_of(read.time.value(), read.is_utc ? 0 : 3600)), facts("").time) << name;
        EXPECT_EQ(read.is_automatic, name.find("{auto}") != std::string_view::npos) << name;
    }
}

TEST(CopyName, MustTellCopiesApartAndStayInTheFolder) {
    EXPECT_THAT(refusal("{database}.db"), HasSubstr("all copies would have one name; {database}_{date}_{time}.db"));
    EXPECT_THAT(refusal("{database}{auto}{kind}.db"), HasSubstr("one name"));
    EXPECT_THAT(refusal("app_{date}.db"), HasSubstr("of one day would have one name"));
    EXPECT_THAT(refusal("app_{time}.db"), HasSubstr("different days"));
    EXPECT_THAT(refusal("../{stamp}.db"), HasSubstr("no name of a file"));
    EXPECT_THAT(refusal("a/{stamp}.db"), HasSubstr("no name of a file"));
    EXPECT_THAT(refusal(""), HasSubstr("no name of a file"));
    EXPECT_THAT(refusal(".holdfast-{stamp}"), HasSubstr("holdfast's own"));
    EXPECT_THAT(refusal("{stmp}.db"), HasSubstr("there is no {stmp}; {stamp}"));
    EXPECT_THAT(refusal("{stamp"), HasSubstr("stands alone"));
    EXPECT_THAT(refusal("stamp}{number}"), HasSubstr("stands alone"));
    EXPECT_EQ(refusal("{number}"), "none");
    EXPECT_THAT(must(CopyTemplate::parse("{database}_{number}.db")).fill(facts("a\nb.db")), tests::FailsWith(ErrorCode::invalid));
    EXPECT_THAT(must(CopyTemplate::parse("{database}_{number}.db")).fill(facts("a\\b.db")), tests::FailsWith(ErrorCode::invalid)) << "sha256sum would quote it";
    EXPECT_THAT(must(CopyTemplate::parse("{database}_{number}.db")).fill(facts(std::string(250, 'x'))), tests::FailsWith(ErrorCode::invalid));
}

TEST(CopyName, OfTheNewestHasNothingThatChanges) {
    EXPECT_EQ(must(must(CopyTemplate::parse_fixed("{database}_latest.db")).fill(facts("app.db"))), "app_latest.db");
    EXPECT_THAT(CopyTemplate::parse_fixed("app_{date}.db"), tests::FailsWith(ErrorCode::invalid));
    EXPECT_THAT(CopyTemplate::parse_fixed(".."), tests::FailsWith(ErrorCode::invalid));
}

TEST(CopyName, ThatIsTakenGetsANumberBeforeItsEnding) {
    EXPECT_EQ(numbered_name("app_20250102_153045.db", 2), "app_20250102_153045_2.db");
    EXPECT_EQ(numbered_name("app_20250102_153045.db.gz", 3), "app_20250102_153045_3.db.gz");
    EXPECT_EQ(numbered_name("agent.db.backup.20250102_153045", 2), "agent.db.backup.20250102_153045_2");
    EXPECT_EQ(numbered_name(".db", 2), ".db_2");
}

}  // namespace
}  // namespace holdfast::bundle
