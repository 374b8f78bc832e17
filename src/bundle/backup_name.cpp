#include "holdfast/bundle/backup_name.h"

#include <array>

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Where a stamp stands in a name, and what it says.
struct Stamp {
    std::size_t at = 0, end = 0;
    CivilTime time;
    bool is_utc = false, has_time_of_day = true;
};

int number(std::string_view digits) {
    int value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
}

// `pattern` against the name from `at`: 9 is a digit, '?' one of "-_T", anything else itself.
bool fits(std::string_view name, std::size_t at, std::string_view pattern) {
    if (name.size() - at < pattern.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char letter = name[at + i], wanted = pattern[i];
        const bool ok = wanted == '9' ? is_digit(letter) : wanted == '?' ? std::string_view("-_T").find(letter) != std::string_view::npos : letter == wanted;
        if (!ok) return false;
    }
    const std::size_t end = at + pattern.size();
    return end == name.size() || !is_digit(name[end]);
}

bool is_possible(const CivilTime& time) {
    constexpr int year_min = 1990, year_max = 2200;
    return time.year >= year_min && time.year <= year_max && timestamp_of(time, 0).ok();
}

// 20251230_120000, with millionths behind it or not.
std::optional<Stamp> compact_stamp(std::string_view name, std::size_t at) {
    if (!fits(name, at, "99999999?999999")) return std::nullopt;
    Stamp stamp{.at = at, .end = at + 15, .time = {.year = number(name.substr(at, 4)), .month = number(name.substr(at + 4, 2)), .day = number(name.substr(at + 6, 2)),
                                                   .hour = number(name.substr(at + 9, 2)), .minute = number(name.substr(at + 11, 2)), .second = number(name.substr(at + 13, 2))}};
    constexpr std::size_t micros_size = 7;
    if (fits(name, stamp.end, "_999999")) {
        stamp.time.nanosecond = std::int64_t{number(name.substr(stamp.end + 1, 6))} * 1000;
        stamp.end += micros_size;
    }
    return stamp;
}

// 2025-12-30T12-00-00: JavaScript's toISOString() made fit for a name.
std::optional<Stamp> iso_stamp(std::string_view name, std::size_t at) {
    constexpr std::string_view pattern = "9999-99-99T99-99-99";
    if (!fits(name, at, pattern)) return std::nullopt;
    Stamp stamp{.at = at, .end = at + pattern.size(), .time = {.year = number(name.substr(at, 4)), .month = number(name.substr(at + 5, 2)), .day = number(name.substr(at + 8, 2)),
                                                               .hour = number(name.substr(at + 11, 2)), .minute = number(name.substr(at + 14, 2)), .second = number(name.substr(at + 17, 2))},
                .is_utc = true};
    for (const std::string_view milliseconds : {"-999Z", ".999Z"}) {
        if (fits(name, stamp.end, milliseconds)) stamp.end += milliseconds.size();
    }
    return stamp;
}

std::optional<Stamp> day_stamp(std::string_view name, std::size_t at) {
    for (const std::string_view pattern : {"99999999", "9999-99-99"}) {
        if (!fits(name, at, pattern)) continue;
        const std::size_t gap = pattern.size() == 8 ? 0 : 1;
        return Stamp{.at = at, .end = at + pattern.size(), .time = {.year = number(name.substr(at, 4)), .month = number(name.substr(at + 4 + gap, 2)),
                                                                    .day = number(name.substr(at + 6 + 2 * gap, 2))},
                     .has_time_of_day = false};
    }
    return std::nullopt;
}

// Seconds since 1970, as `date +%s` prints them.
std::optional<Stamp> epoch_stamp(std::string_view name, std::size_t at) {
    constexpr std::string_view pattern = "9999999999";
    constexpr std::int64_t year_2001 = 1'000'000'000, year_2096 = 4'000'000'000;
    if (!fits(name, at, pattern)) return std::nullopt;
    std::int64_t seconds = 0;
    for (const char digit : name.substr(at, pattern.size())) seconds = seconds * 10 + (digit - '0');
    if (seconds < year_2001 || seconds > year_2096) return std::nullopt;
    return Stamp{.at = at, .end = at + pattern.size(), .time = civil_of({seconds * nanoseconds_per_second}), .is_utc = true};
}

// The last one in the name: what stands before it may be the name of a database that holds a date.
std::optional<Stamp> last_stamp(std::string_view name) {
    using Reader = std::optional<Stamp> (*)(std::string_view, std::size_t);
    constexpr std::array<Reader, 4> readers = {compact_stamp, iso_stamp, day_stamp, epoch_stamp};
    for (const auto reader : readers) {
        for (std::size_t at = name.size(); at-- > 0;) {
            if (at > 0 && is_digit(name[at - 1])) continue;
            if (auto stamp = reader(name, at); stamp && is_possible(stamp->time)) return stamp;
        }
    }
    return std::nullopt;
}

bool take_word(std::string& text, std::string_view word) {
    if (!text.ends_with(word)) return false;
    text.resize(text.size() - word.size());
    return true;
}
// But never all of it.
bool take_end(std::string& text, std::string_view end) {
    if (text.size() <= end.size() || !text.ends_with(end)) return false;
    text.resize(text.size() - end.size());
    return true;
}

// ".v5" of a backup before a migration.
bool take_schema_version(std::string& text) {
    const auto at = text.rfind(".v");
    if (at == std::string::npos || at == 0 || !is_all_digits(std::string_view(text).substr(at + 2))) return false;
    text.resize(at);
    return true;
}

// What is left of "prt.db.backup_", "devteam-", "agent.db.before-restore." when what says "backup" is taken away.
std::string database_of(std::string beginning, BackupName& name) {
    constexpr std::array<std::string_view, 10> words = {"before-restore", "pre-restore", "pre_restore", "pre-migration", "pre_migration", "backup", "bak", "latest", "copy", "snapshot"};
    for (bool more = true; more;) {
        more = false;
        while (!beginning.empty() && std::string_view("._-").find(beginning.back()) != std::string_view::npos) beginning.pop_back();
        for (const auto word : words) more = take_word(beginning, word) || more;
        if (take_schema_version(beginning)) {
            name.operation = "migrate";
            more = true;
        }
    }
    if (beginning.empty()) return "";
    for (const std::string_view ending : {".db", ".sqlite", ".sqlite3", ".db3"}) {
        if (beginning.ends_with(ending)) return beginning;
    }
    return beginning + ".db";
}

std::string without_database_ending(std::string name) {
    for (const std::string_view ending : {".db", ".sqlite", ".sqlite3", ".db3", ".bak", ".backup"}) {
        if (take_end(name, ending)) break;
    }
    return name;
}

}  // namespace

BackupName read_backup_name(std::string_view whole) {
    BackupName name;
    const auto has = [&](std::string_view word) { return whole.find(word) != std::string_view::npos; };
    if (has("before-restore") || has("pre-restore") || has("pre_restore")) name.operation = "restore";
    if (has("pre-migration") || has("pre_migration")) name.operation = "migrate";
    const auto stamp = last_stamp(whole);
    if (stamp) {
        name.time = stamp->time;
        name.is_utc = stamp->is_utc;
        name.has_time_of_day = stamp->has_time_of_day;
        name.is_automatic = whole.substr(stamp->end).starts_with("_auto");
    }
    name.database = database_of(stamp ? std::string(whole.substr(0, stamp->at)) : without_database_ending(std::string(whole)), name);
    name.is_automatic = name.is_automatic || !name.operation.empty();
    return name;
}

std::string without_layers(std::string_view name) {
    constexpr std::array<std::string_view, 11> endings = {".gz", ".zst", ".gpg", ".pgp", ".asc", ".age", ".tar", ".tgz", ".tzst", ".gzip", ".zstd"};
    std::string text(name);
    for (bool more = true; more;) {
        more = false;
        for (const auto ending : endings) more = take_end(text, ending) || more;
    }
    return text;
}

}  // namespace holdfast::bundle
