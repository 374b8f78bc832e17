#include "holdfast/history/retention.h"

#include "history/retention_cases.h"

// Answers written down by hand from the rules.
namespace holdfast::history {
namespace {

constexpr RetentionRule seven_four_six{.daily = 7, .weekly = 4, .monthly = 6};

TEST(Retention, DailyFor200Days) {
    Cases cases;
    cases.series("2026-09-30 12:00", 200, day_s);
    EXPECT_EQ(cases.kept_days(seven_four_six),
              (Times{"2026-09-30", "2026-09-29", "2026-09-28", "2026-09-27", "2026-09-26", "2026-09-25", "2026-09-24", "2026-09-20", "2026-09-13",
                     "2026-08-31", "2026-07-31", "2026-06-30", "2026-05-31", "2026-04-30"}));
}

TEST(Retention, AGapOf60DaysIsNotCounted) {
    Cases cases;
    cases.series("2026-07-22 12:00", 30, day_s);
    cases.series("2026-09-30 12:00", 10, day_s);
    EXPECT_EQ(cases.kept_days(seven_four_six),
              (Times{"2026-09-30", "2026-09-29", "2026-09-28", "2026-09-27", "2026-09-26", "2026-09-25", "2026-09-24", "2026-07-22", "2026-07-19",
                     "2026-06-30", "2026-06-23"}));
    EXPECT_EQ(cases.reasons(1, seven_four_six), "oldest monthly: 2026-06");
}

TEST(Retention, ThreeOnOneDayLeaveTheNewestAndTheOldest) {
    Cases cases;
    cases.series("2026-09-30 12:00", 3, hour_s);
    EXPECT_EQ(cases.kept(seven_four_six), (Times{"2026-09-30 12:00", "2026-09-30 10:00"}));
    EXPECT_EQ(cases.reasons(1, seven_four_six), "oldest daily: 2026-09-30; oldest weekly: 2026-W40; oldest monthly: 2026-09");
    EXPECT_EQ(cases.reasons(2, seven_four_six), "daily: #3 stands for 2026-09-30; weekly: #3 stands for 2026-W40; monthly: #3 stands for 2026-09");
}

TEST(Retention, HourlyFor40Days) {
    Cases cases;
    cases.series("2026-09-30 12:00", 40 * 24, hour_s);
    const RetentionRule rule{.hourly = 24, .daily = 7, .weekly = 4, .monthly = 6};
    Times expected;
    for (int back = 0; back < 24; ++back) expected.push_back(to_display(later(moment_of("2026-09-30 12:00"), -back * hour_s), 0).substr(0, 16));
    for (const char* time : {"2026-09-28 23:00", "2026-09-27 23:00", "2026-09-26 23:00", "2026-09-25 23:00", "2026-09-24 23:00", "2026-09-20 23:00", "2026-09-13 23:00",
                             "2026-08-31 23:00", "2026-08-21 13:00"}) {
        expected.emplace_back(time);
    }
    EXPECT_EQ(expected.size(), 33u);
    EXPECT_EQ(cases.kept(rule), expected);
}

TEST(Retention, OneBackupMaySatisfyManyRulesAndSaysSo) {
    Cases cases;
    cases.series("2026-08-01 12:00", 3, day_s);
    const RetentionRule rule{.last = 2, .daily = 7, .weekly = keep_every_one, .yearly = 1, .within = {.days = 1}};
    EXPECT_EQ(cases.reasons(3, rule), "within 1 day; last 1 of 2; daily 1 of 7: 2026-08-01; weekly 1 of all: 2026-W31; yearly 1 of 1: 2026");
    EXPECT_EQ(cases.reasons(2, rule), "last 2 of 2; daily 2 of 7: 2026-07-31");
    EXPECT_EQ(cases.reasons(1, rule), "daily 3 of 7: 2026-07-30; oldest weekly: 2026-W31");
}

TEST(Retention, WhatGoesSaysWhichRulesAreFull) {
    Cases cases;
    cases.series("2026-08-10 12:00", 10, day_s);
    EXPECT_EQ(cases.reasons(5, RetentionRule{.last = 2, .daily = 3}), "newer ones fill every rule: last 2, daily 3");
    EXPECT_EQ(cases.reasons(5, RetentionRule{.last = 2, .monthly = 3}), "newer ones fill last 2; monthly: #10 stands for 2026-08");
    EXPECT_EQ(cases.reasons(5, RetentionRule{.within = {.days = 2}}), "not within 2 days");
}

TEST(Retention, IsoWeek53) {
    for (const auto& [newest, weeks] : {std::pair{"2021-01-10 12:00", Times{"2021-01-10", "2021-01-03", "2020-12-27"}},
                                        std::pair{"2027-01-10 12:00", Times{"2027-01-10", "2027-01-03", "2026-12-27"}}}) {
        Cases cases;
        cases.now = moment_of("2028-01-01");
        cases.series(newest, 60, day_s);
        EXPECT_EQ(cases.kept_days(RetentionRule{.weekly = 3}), weeks) << "January 3 ends week 53 of the year before";
    }
}

TEST(Retention, LeapDays) {
    Cases cases;
    for (const char* day : {"2024-02-28 12:00", "2024-02-29 12:00", "2024-03-01 12:00", "2025-02-28 12:00", "2025-03-01 12:00"}) cases.add(day);
    EXPECT_EQ(cases.kept_days(RetentionRule{.monthly = 3}), (Times{"2025-03-01", "2025-02-28", "2024-03-01"}));
    EXPECT_EQ(cases.kept_days(RetentionRule{.daily = 4}), (Times{"2025-03-01", "2025-02-28", "2024-03-01", "2024-02-29"}));
    EXPECT_EQ(cases.kept_days(RetentionRule{.within = {.years = 1}}), (Times{"2025-03-01", "2025-02-28"})) << "later than 2024-03-01 12:00, which is not";
}

TEST(Retention, ClocksGoForwardAndBack) {
    Cases cases;
    cases.zone = host::TimeZone::find("Europe/Berlin").value();
    cases.series("2026-10-25T03:30:00Z", 6, hour_s);  // 00:30, 01:30, 02:30, 02:30, 03:30, 04:30
    EXPECT_EQ(cases.kept(RetentionRule{.hourly = 4}), (Times{"2026-10-25 04:30", "2026-10-25 03:30", "2026-10-25 02:30", "2026-10-25 02:30"}));
    EXPECT_EQ(cases.reasons(3, RetentionRule{.hourly = 9}), "hourly 4 of 9: 2026-10-25 02:00 +02:00");
    EXPECT_EQ(cases.reasons(4, RetentionRule{.hourly = 9}), "hourly 3 of 9: 2026-10-25 02:00 +01:00");
    EXPECT_EQ(cases.kept(RetentionRule{.daily = 1}), (Times{"2026-10-25 04:30"})) << "a day of 25 hours";

    Cases spring;
    spring.zone = cases.zone;
    spring.series("2026-03-29T22:30:00Z", 48, hour_s);  // 2026-03-30 00:30 summer time is the newest
    EXPECT_EQ(spring.kept(RetentionRule{.daily = 2}), (Times{"2026-03-30 00:30", "2026-03-29 23:30"}));
    EXPECT_EQ(spring.kept(RetentionRule{.hourly = keep_every_one}).size(), 48u);
}

TEST(Retention, ADayIsTheZonesDay) {
    Cases cases;
    cases.add("2026-08-01T21:30:00Z");
    cases.add("2026-08-01T22:30:00Z");
    cases.add("2026-08-02T21:30:00Z");
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.daily = 2}), (NumberSet{2, 3}));
    cases.zone = host::TimeZone::find("Europe/Berlin").value();  // 23:30, 00:30, 23:30
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.daily = 2}), (NumberSet{1, 3}));
}

// Clocks that went back from 00:01 to 23:01: the new day had begun for a minute.
TEST(Retention, ADayThatComesTwiceIsOneDay) {
    Cases cases;
    cases.zone = host::TimeZone::find("America/St_Johns").value();
    cases.add("2010-11-06T15:00:00Z");
    cases.add("2010-11-07T02:30:30Z");  // November 7, 00:00:30
    cases.add("2010-11-07T02:45:00Z");  // November 6, 23:15
    cases.add("2010-11-07T15:00:00Z");
    EXPECT_EQ(cases.kept(RetentionRule{.daily = 2}), (Times{"2010-11-07 11:30", "2010-11-06 23:15"}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.daily = 3}), (NumberSet{1, 3, 4})) << "the third is the oldest, not November 7 once more";
}

TEST(Retention, EqualTimesGoByNumber) {
    Cases cases;
    for (int turn = 0; turn < 4; ++turn) cases.add("2026-08-01 12:00");
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{3, 4}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.hourly = 1}), (NumberSet{4}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.hourly = 2}), (NumberSet{1, 4})) << "the oldest is the lowest number";
    std::ranges::reverse(cases.all);
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{3, 4})) << "in whatever order they come";
}

TEST(Retention, TheFutureIsKeptAndCountsForNothing) {
    Cases cases;
    cases.now = moment_of("2026-08-10 12:00");
    cases.series("2026-08-10 12:00", 5, day_s);
    cases.add("2031-01-01 00:00");
    cases.add("2031-01-02 00:00");
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{4, 5, 6, 7}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.within = {.days = 2}}), (NumberSet{4, 5, 6, 7}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.yearly = 1}), (NumberSet{5, 6, 7}));
    EXPECT_EQ(cases.reasons(7, RetentionRule{.last = 2}), "its time is in the future: no rule counts it");
}

TEST(Retention, FlawedOnesTakeNoPlaceAndWaitForANewerWholeOne) {
    Cases cases;
    cases.series("2026-08-05 12:00", 5, day_s);
    cases.all[1].flaw = "partial";
    cases.all[4].flaw = "damaged";
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{3, 4, 5}));
    EXPECT_EQ(cases.reasons(5, RetentionRule{.last = 2}), "damaged, and no newer whole backup stays");
    EXPECT_EQ(cases.reasons(2, RetentionRule{.last = 2}), "partial, and #3 is newer and whole");
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.within = {.days = 2}}), (NumberSet{3, 4, 5})) << "seen from the newest whole one";
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.all = true}), (NumberSet{1, 2, 3, 4, 5}));
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.daily = 9}), (NumberSet{1, 3, 4, 5}));
    for (auto& candidate : cases.all) candidate.flaw = "partial";
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 1}), (NumberSet{1, 2, 3, 4, 5})) << "there is nothing better";
}

TEST(Retention, HoldsBeatEverything) {
    Cases cases;
    cases.series("2026-08-09 12:00", 9, day_s);
    cases.all[1].held = "the auditor asked";
    cases.all[3].held = "";
    cases.all[3].flaw = "damaged";
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 1}), (NumberSet{2, 4, 9}));
    EXPECT_EQ(cases.reasons(2, RetentionRule{.last = 1}), "held: the auditor asked");
    EXPECT_EQ(cases.reasons(4, RetentionRule{.last = 1}), "held");
}

TEST(Retention, TheLastVerifiedOneStaysAndSoDoTheFewest) {
    Cases cases;
    cases.series("2026-08-09 12:00", 9, day_s);
    cases.all[2].verified = cases.all[4].verified = true;
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{5, 8, 9}));
    EXPECT_EQ(cases.reasons(5, RetentionRule{.last = 2}), "the last verified backup");
    cases.all[8].verified = true;
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{8, 9}));
    cases.all[1].proven = cases.all[2].proven = true;
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{3, 8, 9})) << "what `last-good` means is not lost";
    cases.all[2].proven = false;
    cases.all[1].proven = false;
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{.automatic = {.last = 2}, .minimum_keep = 4}), (NumberSet{6, 7, 8, 9}));
    EXPECT_EQ(cases.reasons(6, RetentionPolicy{.automatic = {.last = 2}, .minimum_keep = 4}), "at least 4 whole backups stay");
    cases.all[7].flaw = "damaged";
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{.automatic = {.last = 2}, .minimum_keep = 4}), (NumberSet{5, 6, 7, 9})) << "only whole ones count";
}

// A page that is damaged in the live database is backed up as it is: with `last 2` and nobody looking, nothing else would be left.
TEST(Retention, TheOldestStaysUntilOneHasBeenOpened) {
    Cases cases;
    cases.oldest_unproven = OldestUnproven::stays;
    cases.series("2026-08-09 12:00", 9, day_s);
    const RetentionRule rule{.last = 2};
    EXPECT_EQ(cases.kept_numbers(rule), (NumberSet{1, 8, 9}));
    EXPECT_EQ(cases.reasons(1, rule), "the oldest: SQLite has opened none of them yet (holdfast verify --level opened)");
    cases.all[0].flaw = "damaged";
    cases.all[1].kind = SnapshotKind::safety;
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{.automatic = rule, .undo_within = {.days = 1}}), (NumberSet{2, 3, 8, 9})) << "the oldest whole one (2 is the newest safety backup)";
    cases.all[4].verified = true;
    EXPECT_EQ(cases.kept_numbers(rule), (NumberSet{2, 3, 5, 8, 9})) << "bytes that are as they were stored prove nothing about the database";
    cases.all[6].proven = true;
    EXPECT_EQ(cases.kept_numbers(rule), (NumberSet{2, 5, 7, 8, 9})) << "one that was opened stands for it";
    cases.all[6].held = "why";
    cases.all[6].proven = false;
    EXPECT_EQ(cases.reasons(7, rule), "held: why");
}

TEST(Retention, KindsCountForThemselves) {
    Cases cases;
    cases.series("2026-08-09 12:00", 9, hour_s);
    for (const std::size_t at : {0u, 4u}) cases.all[at].kind = SnapshotKind::manual;
    EXPECT_EQ(cases.kept_numbers(RetentionRule{.last = 2}), (NumberSet{1, 5, 8, 9}));
    EXPECT_EQ(cases.reasons(1, RetentionRule{.last = 2}), "manual backups are kept for ever");
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{.automatic = {.last = 1}, .manual = {.last = 1}}), (NumberSet{5, 9}));
}

TEST(Retention, SafetyBackupsStayWhileTheirUndoIsPossible) {
    Cases cases;
    cases.add("2026-06-01 12:00").kind = SnapshotKind::safety;
    cases.add("2026-06-20 12:00").kind = SnapshotKind::safety;
    cases.add("2026-07-10 12:00");
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{}), (NumberSet{2, 3}));
    EXPECT_EQ(cases.reasons(2, RetentionPolicy{}), "the newest safety backup; its restore can be undone for 30 days");
    EXPECT_EQ(cases.reasons(1, RetentionPolicy{}), "its restore can be undone for 30 days only");
    cases.add("2026-09-10 12:00");
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{}), (NumberSet{2, 3, 4})) << "the newest of them always";
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{.safety = {.all = true}}), (NumberSet{1, 2, 3, 4}));
    cases.add("2026-09-11 12:00").kind = SnapshotKind::safety;
    cases.all.back().flaw = "damaged";
    EXPECT_EQ(cases.kept_numbers(RetentionPolicy{}), (NumberSet{3, 4, 5})) << "what was replaced is kept, damaged or not";
}

TEST(Retention, ATagsRuleStandsInsteadOfTheKinds) {
    Cases cases;
    cases.series("2026-08-09 12:00", 9, day_s);
    cases.all[0].tags = cases.all[1].tags = cases.all[2].tags = {"archive", "team=blue"};
    cases.all[8].tags = {"archive=yes"};
    RetentionPolicy policy{.automatic = {.last = 2}, .tags = {{"archive", {.yearly = 1}}}};
    EXPECT_EQ(cases.kept_numbers(policy), (NumberSet{7, 8, 9})) << "last counts among the others";
    EXPECT_EQ(cases.reasons(9, policy), "tag archive: yearly 1 of 1: 2026");
    EXPECT_EQ(cases.reasons(2, policy), "newer ones fill every rule: tag archive: yearly 1");
    policy.tags["team=blue"] = {.last = 1};
    EXPECT_EQ(cases.kept_numbers(policy), (NumberSet{3, 7, 8, 9})) << "of several rules one is enough";
    policy.tags = {{"team=red", {.last = 1}}, {"team", {.last = 2}}, {"arch", {.last = 9}}};
    EXPECT_EQ(cases.kept_numbers(policy), (NumberSet{2, 3, 8, 9})) << "a tag of that name whatever its value; not a beginning";
}

TEST(Retention, AnEmptyRuleIsRefused) {
    Cases cases;
    cases.add("2026-08-01");
    for (const RetentionPolicy& policy : {RetentionPolicy{.automatic = {}}, RetentionPolicy{.manual = {}}, RetentionPolicy{.tags = {{"archive", {}}}}}) {
        const auto planned = plan_retention(cases.all, policy, {.zone = cases.zone, .now = cases.now});
        ASSERT_FALSE(planned);
        EXPECT_EQ(planned.error().code(), ErrorCode::invalid);
        EXPECT_FALSE(planned.error().advice().empty());
    }
    EXPECT_TRUE(plan_retention({}, RetentionPolicy{}, {.zone = cases.zone, .now = cases.now}).value().verdicts.empty());
}

TEST(Retention, OnceIsForExactlyThoseThatAreMeant) {
    Cases cases;
    cases.series("2026-08-12 12:00", 12, day_s);
    for (const std::size_t at : {0u, 1u, 10u}) cases.all[at].kind = SnapshotKind::manual;
    cases.all[11].kind = SnapshotKind::safety;
    cases.all[2].held = "why";
    const auto dropped = [&](std::set<std::uint64_t> meant, const RetentionRule& rule) {
        RetentionOnce once{.rule = rule, .meant = {}};
        for (const auto number : meant) once.meant.insert({number});
        std::vector<std::uint64_t> numbers;
        const auto planned = plan_once(cases.all, once, {.zone = cases.zone, .now = cases.now});
        EXPECT_TRUE(planned);
        for (const auto number : planned.value().dropped()) numbers.push_back(number.value);
        return numbers;
    };
    EXPECT_EQ(dropped({3, 4, 5, 6, 7, 8, 9, 10}, {.last = 5}), (std::vector<std::uint64_t>{4, 5})) << "6 to 10 stay, and 3, which is held";
    EXPECT_EQ(dropped({1, 2, 11}, {.last = 1}), (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(dropped({}, {.last = 1}), (std::vector<std::uint64_t>{}));
}

TEST(Retention, RemovingAllNeedsItsOwnWord) {
    Cases cases;
    cases.series("2026-08-04 12:00", 4, day_s);
    cases.all[0].held = "";
    cases.all[2].verified = true;
    const RetentionMoment when{.zone = cases.zone, .now = cases.now};
    const auto refused = plan_once(cases.all, {.rule = {}, .meant = {{1}, {2}, {3}, {4}}}, when);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::invalid);
    const auto allowed = plan_once(cases.all, {.rule = {}, .meant = {{1}, {2}, {3}, {4}}, .remove_all = RetentionOnce::RemoveAll::allow}, when);
    ASSERT_TRUE(allowed);
    EXPECT_EQ(allowed.value().dropped().size(), 3u) << "all but what is held";
}

TEST(RetentionPolicy, RulesAndCountsInWords) {
    EXPECT_EQ(to_text(RetentionPolicy{}.automatic), "last 10, daily 7, weekly 4, monthly 12");
    EXPECT_EQ(to_text(RetentionPolicy{}.manual), "every one");
    EXPECT_EQ(to_text(RetentionRule{.hourly = keep_every_one, .within = {.months = 2}}), "hourly all, within 2 months");
    EXPECT_EQ(to_text(RetentionRule{}), "nothing");
    EXPECT_EQ(parse_keep_count("--keep-last", "12").value(), 12u);
    EXPECT_EQ(parse_keep_count("--keep-last", "all").value(), keep_every_one);
    for (const char* wrong : {"", "-1", "1.5", "ten", "99999999999"}) EXPECT_FALSE(parse_keep_count("--keep-last", wrong)) << wrong;
}

}  // namespace
}  // namespace holdfast::history
