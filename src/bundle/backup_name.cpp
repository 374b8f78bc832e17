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

// Takes from the name what fits, from the left; what does not fit leaves it where it was.
class Cursor {
public:
    Cursor(std::string_view name, std::size_t at) : name_(name), at_(at) {}
    std::size_t at() const { return at_; }
    bool is_at_digit() const { return at_ < name_.size() && is_digit(name_[at_]); }
    std::optional<int> digits(std::size_t count) {
        if (name_.size() - at_ < count) return std::nullopt;
        const auto text = name_.substr(at_, count);
        for (const char letter : text) {
            if (!is_digit(letter)) return std::nullopt;
        }
        at_ += count;
        return number(text);
    }
    char one_of(std::string_view letters) {  // '\0': none of them
        const bool fits = at_ < name_.size() && letters.find(name_[at_]) != std::string_view::npos;
        return fits ? name_[at_++] : '\0';
    }

private:
    std::string_view name_;
    std::size_t at_;
};

bool is_possible(const CivilTime& time) {
    constexpr int year_min = 1990, year_max = 2200;
    return time.year >= year_min && time.year <= year_max && timestamp_of(time, 0).ok();
}

// 20251230 or 2025-12-30; no digit stands behind the latter.
std::optional<Stamp> day_at(Cursor& cursor) {
    Stamp stamp{.at = cursor.at(), .has_time_of_day = false};
    const auto year = cursor.digits(4);
    const char gap = cursor.one_of("-");
    const auto month = year ? cursor.digits(2) : std::nullopt;
    if (!month || cursor.one_of("-") != gap) return std::nullopt;
    const auto day = cursor.digits(2);
    if (!day || (gap != '\0' && cursor.is_at_digit())) return std::nullopt;
    stamp.time = {.year = *year, .month = *month, .day = *day};
    stamp.end = cursor.at();
    return stamp;
}

// 120000, 12:00:00, 12-00-00, 1200, 12-00; `gap` is what stands between.
std::optional<CivilTime> time_of_day_at(Cursor& cursor, CivilTime time, char& gap) {
    const auto hour = cursor.digits(2);
    gap = hour ? cursor.one_of(":-._") : '\0';
    const auto minute = hour ? cursor.digits(2) : std::nullopt;
    if (!minute) return std::nullopt;
    time.hour = *hour;
    time.minute = *minute;
    Cursor further = cursor;
    const bool may_go_on = gap == '\0' || further.one_of(std::string_view(&gap, 1)) != '\0';
    if (const auto second = may_go_on ? further.digits(2) : std::nullopt) {
        time.second = *second;
        cursor = further;
    }
    return time;
}

// Behind a time: millionths (Python), thousandths and Z (JavaScript), Z, or how far its zone is from UTC.
bool take_rest(Cursor& cursor, Stamp& stamp) {
    Cursor further = cursor;
    if (further.one_of("_.") != '\0') {
        const auto millionths = further.digits(6);
        if (millionths && !further.is_at_digit()) {
            stamp.time.nanosecond = std::int64_t{*millionths} * 1000;
            cursor = further;
        }
    }
    further = cursor;
    if (further.one_of("-.") != '\0' && further.digits(3) && further.one_of("Z") != '\0') {
        stamp.is_utc = true;
        cursor = further;
    } else if (cursor.one_of("Z") != '\0') {
        stamp.is_utc = true;
    } else if (further = cursor; further.one_of("+") != '\0') {
        const auto hours = further.digits(2);
        further.one_of(":");
        const auto minutes = hours ? further.digits(2) : std::nullopt;
        const auto local = minutes ? timestamp_of(stamp.time, *hours * 3600 + *minutes * 60) : fail(ErrorCode::invalid, "no zone");
        if (local && !further.is_at_digit()) {
            stamp.time = civil_of(*local);
            stamp.is_utc = true;
            cursor = further;
        }
    }
    return !cursor.is_at_digit();
}

// A day and a time: 20251230_120000, 20251230120000, "2025-12-30 12:00:00", 2025-12-30T12-00-00 (toISOString() of
// JavaScript made fit for a name: UTC), 2025-12-30_1200.
std::optional<Stamp> time_stamp(std::string_view name, std::size_t at) {
    Cursor cursor(name, at);
    auto stamp = day_at(cursor);
    if (!stamp) return std::nullopt;
    const bool is_compact_day = stamp->end - stamp->at == 8;
    const char between = cursor.one_of(" T_-");
    if (between == '\0' && !is_compact_day) return std::nullopt;
    char gap = '\0';
    const auto time = time_of_day_at(cursor, stamp->time, gap);
    if (!time || (between == '\0' && gap != '\0')) return std::nullopt;
    stamp->time = *time;
    stamp->is_utc = !is_compact_day && between == 'T' && gap == '-';
    stamp->has_time_of_day = true;
    if (!take_rest(cursor, *stamp)) return std::nullopt;
    stamp->end = cursor.at();
    return stamp;
}

std::optional<Stamp> day_stamp(std::string_view name, std::size_t at) {
    Cursor cursor(name, at);
    auto stamp = day_at(cursor);
    return stamp && !cursor.is_at_digit() ? stamp : std::nullopt;
}

// Seconds since 1970, as `date +%s` prints them, or thousandths, as Date.now() gives them.
std::optional<Stamp> epoch_stamp(std::string_view name, std::size_t at) {
    constexpr std::int64_t year_2001 = 1'000'000'000, year_2096 = 4'000'000'000;
    std::size_t end = at;
    std::int64_t count = 0;
    constexpr std::size_t seconds_size = 10, thousandths_size = 13;
    while (end < name.size() && is_digit(name[end]) && end - at < thousandths_size) count = count * 10 + (name[end++] - '0');
    const bool is_in_thousandths = end - at == thousandths_size;
    if ((!is_in_thousandths && end - at != seconds_size) || (end < name.size() && is_digit(name[end]))) return std::nullopt;
    const std::int64_t seconds = is_in_thousandths ? count / 1000 : count;
    if (seconds < year_2001 || seconds > year_2096) return std::nullopt;
    return Stamp{.at = at, .end = end, .time = civil_of({seconds * nanoseconds_per_second}), .is_utc = true};
}

// The last one in the name: what stands before it may be the name of a database that holds a date.
std::optional<Stamp> last_stamp(std::string_view name) {
    using Reader = std::optional<Stamp> (*)(std::string_view, std::size_t);
    constexpr std::array<Reader, 3> readers = {time_stamp, day_stamp, epoch_stamp};
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
    text.erase(text.size() - end.size());
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
        while (!beginning.empty() && std::string_view("._- ").find(beginning.back()) != std::string_view::npos) beginning.pop_back();
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

}  // namespace holdfast::bundle
