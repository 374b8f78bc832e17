// A retention policy: which of a source's backups are to stay, as plain values. The rules mean what restic's mean.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "holdfast/history/calendar.h"

namespace holdfast::history {

// How many a rule keeps; 0: it does not ask for any.
using KeepCount = std::uint32_t;
constexpr KeepCount keep_every_one = std::numeric_limits<KeepCount>::max();

// Rules that hold side by side: a backup stays when one of them keeps it.
struct RetentionRule {
    KeepCount last = 0;
    // The newest of an hour, a day, an ISO week, a month, a year, for so many of them that have backups; and, while the
    // count is not reached, the oldest backup there is.
    KeepCount hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
    CalendarSpan within{};  // those younger than that, seen from the newest
    bool all = false;       // for ever

    KeepCount of(Period period) const { return std::array{hourly, daily, weekly, monthly, yearly}[static_cast<std::size_t>(period)]; }
    bool is_empty() const;
    bool operator==(const RetentionRule&) const = default;
};
// "last 10, daily 7, within 30 days"; "every one"; "nothing".
std::string to_text(const RetentionRule& rule);

// The oldest whole backup, while SQLite has opened none of them: pages that are damaged in the live database are backed up
// as they are, and nobody has looked since when they are so.
enum class OldestUnproven : std::uint8_t { goes, stays };

struct RetentionPolicy {
    RetentionRule automatic{.last = 10, .daily = 7, .weekly = 4, .monthly = 12};
    RetentionRule manual{.all = true};
    RetentionRule safety{};  // besides undo_within; may be empty
    // By tag: "archive" (whatever its value) or "team=blue". Such a rule stands instead of the kind's rule for backups that
    // carry the tag; of several one is enough. Undo of a safety backup holds besides.
    std::map<std::string, RetentionRule> tags{};
    // Whole, undamaged backups of a source, safety backups not counted, never fall below this by a policy.
    KeepCount minimum_keep = 1;
    OldestUnproven oldest_unproven = OldestUnproven::stays;
    // Safety backups stay so long, seen from the source's newest backup; the newest of them always.
    CalendarSpan undo_within{.days = 30};
    std::string time_zone = "local";  // for host::TimeZone::find; whoever plans hands the zone over

    bool operator==(const RetentionPolicy&) const = default;
};

// `invalid` when a rule is empty (but safety's): it would keep nothing, and nobody says that by leaving lines out.
Result<void> expect_keeping(const RetentionPolicy& policy);

// "7", "all". `invalid` explains the form; `what` names the setting or flag.
Result<KeepCount> parse_keep_count(std::string_view what, std::string_view text);

}  // namespace holdfast::history
