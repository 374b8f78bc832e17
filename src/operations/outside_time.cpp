#include "holdfast/operations/outside_time.h"

#include "holdfast/bundle/backup_name.h"
#include "holdfast/host/clock.h"

namespace holdfast::operations {

namespace {

Result<Timestamp> time_in(const bundle::BackupName& name) { return name.is_utc ? timestamp_of(*name.time, 0) : host::local_to_utc(*name.time); }

bool is_of_day(Timestamp time, const CivilTime& day) {
    const auto there = civil_of(time, host::local_offset_s(time));
    return there.year == day.year && there.month == day.month && there.day == day.day;
}

}  // namespace

std::optional<Timestamp> time_of_text(Context& context, std::string text) {
    const auto letter = text.find('T');
    const bool has_zone = text.ends_with('Z') || (letter != std::string::npos && text.find_first_of("+-", letter) != std::string::npos);
    if (!has_zone) {
        if (letter != std::string::npos) text[letter] = ' ';
        text = text.substr(0, text.find('.'));
    }
    const Timestamp now = context.host.clock.now();
    const auto time = parse_moment(text, now, host::local_to_utc, host::local_offset_s(now));
    return time ? std::optional(*time) : std::nullopt;
}

bool is_a_time(Timestamp time) {
    constexpr std::int64_t year_1990_s = 631'152'000;
    return time.nanoseconds >= year_1990_s * nanoseconds_per_second;
}

Result<OutsideTime> time_of(Context& context, const KnownTimes& known) {
    const auto told = known.told.empty() ? std::nullopt : time_of_text(context, known.told);
    if (told && known.told_is_ours) return OutsideTime{.time = *told, .from = "metadata"};
    std::optional<CivilTime> day;
    const auto time_among = [&day](const std::vector<std::string>& names) -> std::optional<Timestamp> {
        for (const auto& text : names) {
            const auto name = bundle::read_backup_name(text);
            const auto time = name.time ? time_in(name) : Result<Timestamp>(Timestamp{});
            if (!name.time || !time || (day && !is_of_day(*time, *day))) continue;  // another day is that of something else
            if (name.has_time_of_day) return *time;
            if (!day) day = name.time;
        }
        return std::nullopt;
    };
    if (const auto time = time_among(known.names)) return OutsideTime{.time = *time, .from = "name"};
    if (told) return OutsideTime{.time = *told, .from = "metadata"};
    if (const auto time = time_among(known.folders)) return OutsideTime{.time = *time, .from = "folder"};
    OutsideTime stamp{.time = known.modified, .from = is_a_time(known.modified) ? "modified" : ""};
    if (known.in_archive && is_a_time(*known.in_archive)) stamp = {.time = *known.in_archive, .from = "archive"};
    // Where only a day is in the name, the hour is the file's, if it is of that day.
    if (!day || is_of_day(stamp.time, *day)) return stamp;
    return OutsideTime{.time = TRY(host::local_to_utc(*day)), .from = "day"};
}

}  // namespace holdfast::operations
