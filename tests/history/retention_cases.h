// What the tests of retention share: candidates from dates, and verdicts as dates.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/history/retention.h"

namespace holdfast::history {

using repository::SnapshotKind;

// "2026-09-30", "2026-09-30 12:00" or RFC 3339; without an offset it is UTC.
inline Timestamp moment_of(std::string_view text) {
    const auto moment = parse_moment(text.size() == 10 ? format("{} 00:00", text) : std::string(text), {}, [](const CivilTime& civil) { return timestamp_of(civil, 0); }, 0);
    EXPECT_TRUE(moment) << text;
    return moment.value();
}
inline Timestamp later(Timestamp moment, std::int64_t seconds) { return {moment.nanoseconds + seconds * nanoseconds_per_second}; }
constexpr std::int64_t hour_s = 3600, day_s = 86'400;

struct Cases {
    std::vector<RetentionCandidate> all;
    Timestamp now = moment_of("2026-12-31 00:00");
    host::TimeZone zone = host::TimeZone::utc();
    OldestUnproven oldest_unproven = OldestUnproven::goes;  // what rules keep, without the first of those that nobody opened

    RetentionCandidate& add(Timestamp time) {
        all.push_back({.number = {all.size() + 1}, .time = time});
        return all.back();
    }
    RetentionCandidate& add(std::string_view time) { return add(moment_of(time)); }
    // `count` of them, `step_s` apart, the newest at `newest`; numbered in the order of time.
    void series(std::string_view newest, int count, std::int64_t step_s) {
        for (int back = count - 1; back >= 0; --back) add(later(moment_of(newest), -back * step_s));
    }

    RetentionPlan plan(RetentionPolicy policy) const {
        policy.oldest_unproven = oldest_unproven;
        auto planned = plan_retention(all, policy, {.zone = zone, .now = now});
        EXPECT_TRUE(planned) << planned.error().text();
        return std::move(planned).value();
    }
    RetentionPlan plan(const RetentionRule& automatic) const { return plan(RetentionPolicy{.automatic = automatic}); }
    // Kept ones, newest first, as the zone's time "2026-09-30 12:00".
    std::vector<std::string> kept(const auto& rules) const {
        std::vector<std::string> times;
        for (const auto& verdict : plan(rules).verdicts)
            if (verdict.kept) times.push_back(to_display(verdict.time, zone.offset_s(verdict.time)).substr(0, 16));
        return times;
    }
    std::vector<std::string> kept_days(const auto& rules) const {
        auto times = kept(rules);
        for (auto& time : times) time.resize(10);
        return times;
    }
    std::set<std::uint64_t> kept_numbers(const auto& rules) const {
        std::set<std::uint64_t> numbers;
        for (const auto& verdict : plan(rules).verdicts)
            if (verdict.kept) numbers.insert(verdict.number.value);
        return numbers;
    }
    std::string reasons(std::uint64_t number, const auto& rules) const {
        std::string text;
        for (const auto& verdict : plan(rules).verdicts) {
            if (verdict.number.value != number) continue;
            for (const auto& reason : verdict.reasons) text += (text.empty() ? "" : "; ") + reason;
        }
        return text;
    }
};

using Times = std::vector<std::string>;
using NumberSet = std::set<std::uint64_t>;

}  // namespace holdfast::history
