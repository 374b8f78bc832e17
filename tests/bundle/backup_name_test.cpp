#include "holdfast/bundle/backup_name.h"

#include <gtest/gtest.h>

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

// "database | time | what else"
std::string said(std::string_view text) {
    const auto name = read_backup_name(text);
    std::string time = "-";
    if (name.time) {
        time = to_rfc3339(timestamp_of(*name.time, 0).value());
        time.pop_back();
        time += name.is_utc ? " UTC" : " local";
        if (!name.has_time_of_day) time = time.substr(0, 10) + " day";
    }
    return format("{} | {} |{}{}{}", name.database, time, name.is_automatic ? " auto" : "", name.operation.empty() ? "" : " ", name.operation);
}

TEST(BackupName, OfEveryApplicationIsRead) {
    EXPECT_EQ(said("devteam-20260128-230000.db"), "devteam.db | 2026-01-28T23:00:00.000 local |");
    EXPECT_EQ(said("agent.db.backup.20251230_120000"), "agent.db | 2025-12-30T12:00:00.000 local |");
    EXPECT_EQ(said("agent.db.20251230_120000"), "agent.db | 2025-12-30T12:00:00.000 local |");
    EXPECT_EQ(said("agent.db.2025-12-30T12-00-00"), "agent.db | 2025-12-30T12:00:00.000 UTC |");
    EXPECT_EQ(said("agent.db.2025-12-30T12-00-00-123Z"), "agent.db | 2025-12-30T12:00:00.000 UTC |");
    EXPECT_EQ(said("agent.db.before-restore.20251230_120000"), "agent.db | 2025-12-30T12:00:00.000 local | auto restore");
    EXPECT_EQ(said("prt.db.backup_20250102_153045_auto.db"), "prt.db | 2025-01-02T15:30:45.000 local | auto");
    EXPECT_EQ(said("prt.db.backup_20250102_150000.db"), "prt.db | 2025-01-02T15:00:00.000 local |");
    EXPECT_EQ(said("prt_backup_20250102_153045_123456.db"), "prt.db | 2025-01-02T15:30:45.123 local |");
    EXPECT_EQ(said("prt.v5.20250102_153045.backup"), "prt.db | 2025-01-02T15:30:45.000 local | auto migrate");
    EXPECT_EQ(said("app_20250101_120000.db"), "app.db | 2025-01-01T12:00:00.000 local |");
    EXPECT_EQ(said("app_latest.db"), "app.db | - |");
    EXPECT_EQ(said("devteam.db.backup-1769688000"), "devteam.db | 2026-01-29T12:00:00.000 UTC |");
    EXPECT_EQ(said("devteam.db.backup-20260129-120000"), "devteam.db | 2026-01-29T12:00:00.000 local |");
    EXPECT_EQ(said("devteam-backup-20260129"), "devteam.db | 2026-01-29 day |");
    EXPECT_EQ(said("agent.db.backup.20251230"), "agent.db | 2025-12-30 day |");
    EXPECT_EQ(said("pre-migration.db"), " | - | auto migrate");
    EXPECT_EQ(said("latest.db"), " | - |");
}

TEST(BackupName, TimesAreReadAsPeopleWriteThem) {
    for (const char* stamp : {"2025-10-16 10:15:00", "2025-10-16T10:15:00", "2025-10-16_10:15:00", "2025-10-16_10-15-00", "2025-10-16-101500", "2025-10-16 10.15.00", "2025-10-16 10-15-00",
                              "20251016101500", "20251016-101500", "20251016 101500", "20251016T101500", "20251016_10-15-00", "2025-10-16 10:15", "2025-10-16_1015", "20251016_1015", "202510161015"}) {
        EXPECT_EQ(said(format("app {}.db", stamp)), "app.db | 2025-10-16T10:15:00.000 local |") << stamp;
    }
    for (const char* stamp : {"2025-10-16T10-15-00", "2025-10-16T10:15:00Z", "20251016T101500Z", "2025-10-16T10:15:00.123Z", "2025-10-16T12:15:00+02:00", "20251016T121500+0200", "1760609700", "1760609700123"}) {
        EXPECT_EQ(said(format("app-{}.db", stamp)), "app.db | 2025-10-16T10:15:00.000 UTC |") << stamp;
    }
    EXPECT_EQ(said("app_2025-10-16_25-61.db"), "app.db | 2025-10-16 day |") << "no such hour";
    EXPECT_EQ(said("app_20251016_3.db"), "app.db | 2025-10-16 day |") << "a number";
    EXPECT_EQ(said("app_20251016_12345.db"), "app.db | 2025-10-16 day |") << "another";
    EXPECT_EQ(said("app_20251016_101500_auto.db"), "app.db | 2025-10-16T10:15:00.000 local | auto");
    EXPECT_EQ(said("app_20251016_101500_2.db"), "app.db | 2025-10-16T10:15:00.000 local |");
}

TEST(BackupName, WhatIsNoStampIsLeftAlone) {
    EXPECT_EQ(said("devteam.db"), "devteam.db | - |");
    EXPECT_EQ(said("app_20251330_120000.db"), "app_20251330_120000.db | - |") << "no such month";
    EXPECT_EQ(said("app_120251230_120000.db"), "app_120251230_120000.db | - |") << "digits before it";
    EXPECT_EQ(said("report-2024-01-02-20250102_153045.db"), "report-2024-01-02.db | 2025-01-02T15:30:45.000 local |") << "the last one counts";
    EXPECT_EQ(said("x-0123456789.db"), "x-0123456789.db | - |") << "no second of this century";
    EXPECT_EQ(said(""), " | - |");
    EXPECT_EQ(said("20250102_153045"), " | 2025-01-02T15:30:45.000 local |");
    EXPECT_EQ(said("app.sqlite3.20250102_153045"), "app.sqlite3 | 2025-01-02T15:30:45.000 local |");
}

}  // namespace
}  // namespace holdfast::bundle
