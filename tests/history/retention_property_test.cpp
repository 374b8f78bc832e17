#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "history/retention_cases.h"

// What holds for any history and any policy.
namespace holdfast::history {
namespace {

KeepCount any_count() { return *rc::gen::element<KeepCount>(0, 0, 0, 1, 2, 3, 7, keep_every_one); }

RetentionRule any_rule() {
    RetentionRule rule{.last = any_count(), .hourly = any_count(), .daily = any_count(), .weekly = any_count(), .monthly = any_count(), .yearly = any_count()};
    if (*rc::gen::inRange(0, 3) == 0) rule.within = {.days = *rc::gen::inRange<std::uint32_t>(0, 60), .hours = *rc::gen::inRange<std::uint32_t>(1, 30)};
    if (*rc::gen::inRange(0, 12) == 0) rule.all = true;
    if (rule.is_empty()) rule.last = 1;
    return rule;
}

RetentionPolicy any_policy() {
    RetentionPolicy policy{.automatic = any_rule(), .manual = any_rule()};
    if (*rc::gen::arbitrary<bool>()) policy.safety = any_rule();
    if (*rc::gen::arbitrary<bool>()) policy.tags["archive"] = any_rule();
    if (*rc::gen::arbitrary<bool>()) policy.tags["team=blue"] = any_rule();
    return policy;
}

// Clusters and gaps, equal times, some flawed, held, tagged, and some in the future.
Cases any_cases() {
    Cases cases;
    cases.now = moment_of("2026-12-20 00:00");
    cases.zone = host::TimeZone::find(*rc::gen::element<std::string>("UTC", "Europe/Berlin", "America/St_Johns")).value();
    auto time = moment_of("2025-06-01 00:00");
    const int count = *rc::gen::inRange(1, 60);
    for (int at = 0; at < count; ++at) {
        time = later(time, *rc::gen::element<std::int64_t>(0, 60, 1800, hour_s, 5 * hour_s, day_s, 9 * day_s, 40 * day_s));
        auto& added = cases.add(time);
        added.kind = *rc::gen::element(SnapshotKind::automatic, SnapshotKind::automatic, SnapshotKind::manual, SnapshotKind::safety);
        if (*rc::gen::inRange(0, 10) == 0) added.held = "";
        if (*rc::gen::inRange(0, 8) == 0) added.flaw = "partial";
        if (*rc::gen::inRange(0, 6) == 0) added.tags = {*rc::gen::element<std::string>("archive", "team=blue", "team=red")};
        added.verified = *rc::gen::inRange(0, 5) == 0;
        added.proven = *rc::gen::inRange(0, 40) == 0;
    }
    cases.oldest_unproven = *rc::gen::element(OldestUnproven::goes, OldestUnproven::stays);
    return cases;
}

bool is_sound(const Cases& cases, const RetentionCandidate& one) {
    return one.flaw.empty() && one.kind != SnapshotKind::safety && one.time <= cases.now;
}

RC_GTEST_PROP(RetentionHolds, WhatMustStayStays, ()) {
    const auto cases = any_cases();
    auto policy = any_policy();
    policy.minimum_keep = *rc::gen::element<KeepCount>(0, 1, 3);
    const auto kept = cases.kept_numbers(policy);
    std::size_t sound = 0, sound_kept = 0;
    const RetentionCandidate* verified = nullptr;
    for (const auto& one : cases.all) {
        const bool must_stay = one.held || one.time > cases.now;
        RC_ASSERT((!must_stay || kept.contains(one.number.value)));
        if (!is_sound(cases, one)) continue;
        ++sound;
        sound_kept += kept.contains(one.number.value);
        if (one.verified) verified = &one;  // ascending by time and number
    }
    RC_ASSERT((verified == nullptr || kept.contains(verified->number.value)));
    RC_ASSERT(sound_kept >= std::min<std::size_t>(sound, policy.minimum_keep));
    RC_ASSERT(!kept.empty());
    const auto sound_one = [&](const auto& one) { return is_sound(cases, one); };
    const bool is_one_proven = std::ranges::any_of(cases.all, [&](const auto& one) { return sound_one(one) && one.proven; });
    const auto oldest = std::ranges::find_if(cases.all, sound_one);  // ascending by time and number
    const bool must_stay = oldest != cases.all.end() && !is_one_proven && cases.oldest_unproven == OldestUnproven::stays;
    RC_ASSERT((!must_stay || kept.contains(oldest->number.value)));
    for (const auto& verdict : cases.plan(policy).verdicts) RC_ASSERT(!verdict.reasons.empty());
}

RC_GTEST_PROP(RetentionHolds, ASecondRunDropsNothing, ()) {
    auto cases = any_cases();
    const auto policy = any_policy();
    const auto kept = cases.kept_numbers(policy);
    std::erase_if(cases.all, [&](const auto& one) { return !kept.contains(one.number.value); });
    RC_ASSERT(cases.kept_numbers(policy) == kept);
}

RC_GTEST_PROP(RetentionHolds, TheOrderGivenIsNothing, ()) {
    auto cases = any_cases();
    const auto policy = any_policy();
    const auto kept = cases.kept_numbers(policy);
    std::ranges::reverse(cases.all);
    RC_ASSERT(cases.kept_numbers(policy) == kept);
}

RC_GTEST_PROP(RetentionHolds, ANewerBackupBringsNothingBack, ()) {
    auto cases = any_cases();
    const auto policy = any_policy();
    const auto before = cases.kept_numbers(policy);
    auto time = later(cases.all.back().time, *rc::gen::element<std::int64_t>(0, 1, hour_s, 3 * day_s));
    cases.now = std::max(cases.now, time);
    RC_PRE(std::ranges::all_of(cases.all, [&](const auto& one) { return one.time <= moment_of("2026-12-20 00:00"); }));
    cases.add(time).kind = *rc::gen::element(SnapshotKind::automatic, SnapshotKind::manual);
    auto after = cases.kept_numbers(policy);
    RC_ASSERT(after.erase(cases.all.back().number.value) == 1);
    RC_ASSERT(std::ranges::includes(before, after));
}

RC_GTEST_PROP(RetentionHolds, FlawedAndFutureOnesPushNobodyOut, ()) {
    auto cases = any_cases();
    const auto policy = any_policy();
    const auto with = cases.kept_numbers(policy);
    const auto is_out = [&](const auto& one) { return !one.flaw.empty() || one.time > cases.now; };
    // What is held is held for itself, and the newest safety backup may be a flawed one.
    RC_PRE(std::ranges::none_of(cases.all, [&](const auto& one) { return is_out(one) && one.kind == SnapshotKind::safety; }));
    std::set<std::uint64_t> whole;
    std::erase_if(cases.all, is_out);
    RC_PRE(!cases.all.empty());
    for (const auto& one : cases.all)
        if (with.contains(one.number.value)) whole.insert(one.number.value);
    RC_ASSERT(cases.kept_numbers(policy) == whole);
}

RC_GTEST_PROP(RetentionHolds, LastAloneKeepsExactlySoMany, ()) {
    Cases cases;
    const int count = *rc::gen::inRange(1, 40);
    for (int at = 0; at < count; ++at) cases.add(later(moment_of("2026-01-01"), *rc::gen::inRange(0, 5'000'000)));
    const auto last = *rc::gen::inRange<KeepCount>(1, 50);
    RC_ASSERT(cases.kept_numbers(RetentionRule{.last = last}).size() == std::min<std::size_t>(last, cases.all.size()));
}

// A period kept for so many that have backups: exactly that many, and the oldest where there are fewer.
RC_GTEST_PROP(RetentionHolds, DailyAloneKeepsTheNewestOfEachDay, ()) {
    Cases cases;
    const int count = *rc::gen::inRange(1, 60);
    for (int at = 0; at < count; ++at) cases.add(later(moment_of("2026-01-01"), *rc::gen::inRange(0, 2'000'000)));
    const auto days = *rc::gen::inRange<KeepCount>(1, 30);
    std::map<std::string, Timestamp, std::greater<>> newest_of;
    Timestamp oldest = cases.all.front().time;
    for (const auto& one : cases.all) {
        auto& newest = newest_of[to_display(one.time, 0).substr(0, 10)];
        newest = std::max(newest, one.time);
        oldest = std::min(oldest, one.time);
    }
    Times expected;
    for (const auto& [day, newest] : newest_of)
        if (expected.size() < days) expected.push_back(to_display(newest, 0).substr(0, 16));
    const bool has_room = newest_of.size() < days && newest_of.rbegin()->second != oldest;
    if (has_room) expected.push_back(to_display(oldest, 0).substr(0, 16));
    auto kept = cases.kept(RetentionRule{.daily = days});
        RC_ASSERT(kept == expected);
}

}  // namespace
}  // namespace holdfast::history
