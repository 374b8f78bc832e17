// launchd and the Windows Task Scheduler: property lists and XML.
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/operations/schedule_definitions.h"

namespace holdfast::operations {

namespace {

Result<void> expect_xml(const SchedulePlan& plan) {
    const auto is_sayable = [](std::string_view text) { return printable(text) == text; };
    bool all = is_sayable(plan.folder) && is_sayable(plan.program);
    for (const auto& path : plan.databases) all = all && is_sayable(path);
    for (const auto& word : plan.arguments) all = all && is_sayable(word);
    for (const auto& [name, value] : plan.environment) all = all && is_sayable(value);
    if (all) return {};
    return fail(ErrorCode::invalid, "write XML: a path or argument of the schedule has control characters or is no UTF-8").with_advice("another folder, or another name");
}

Error too_many(const ScheduledJob& job) {
    return fail(ErrorCode::invalid, "define '{}' for {}: it takes too many entries", job.as_said, job.name).with_advice("a rarer or more regular time");
}

template <std::size_t Size>
std::vector<int> values_of(const std::bitset<Size>& set) {
    std::vector<int> values;
    for (std::size_t i = 0; i < Size; ++i) {
        if (set.test(i)) values.push_back(static_cast<int>(i));
    }
    return values;
}

// --- launchd ---

struct CalendarPart {
    std::string_view key;
    std::vector<int> values;  // empty: every one
};

// Every combination is a dictionary of its own.
std::vector<std::string> combinations(const std::vector<CalendarPart>& parts) {
    std::vector<std::string> all = {""};
    for (const auto& part : parts) {
        if (part.values.empty()) continue;
        std::vector<std::string> more;
        for (const auto& before : all) {
            for (const int value : part.values) more.push_back(before + format("<key>{}</key><integer>{}</integer>", part.key, value));
        }
        all = std::move(more);
    }
    return all;
}

Result<std::string> launchd_calendar(const ScheduledJob& job) {
    constexpr std::size_t entries_max = 400;
    const auto& time = job.time;
    const std::vector<int> none;
    const CalendarPart minutes{"Minute", time.minutes.all() ? none : values_of(time.minutes)}, hours{"Hour", time.is_every_hour() ? none : values_of(time.hours)},
        months{"Month", time.months.count() == 12 ? none : values_of(time.months)}, days{"Day", time.is_every_day_of_month() ? none : values_of(time.days)},
        weekdays{"Weekday", time.is_every_weekday() ? none : values_of(time.weekdays)};
    auto entries = combinations({months, days, hours, minutes});
    if (!weekdays.values.empty()) {
        auto by_weekday = combinations({months, weekdays, hours, minutes});
        if (days.values.empty()) entries = std::move(by_weekday);
        else entries.insert(entries.end(), by_weekday.begin(), by_weekday.end());
    }
    if (entries.size() > entries_max) return too_many(job);
    std::string text = "  <key>StartCalendarInterval</key>\n  <array>\n";
    for (const auto& entry : entries) text += format("    <dict>{}</dict>\n", entry);
    return text + "  </array>\n";
}

// --- Windows ---

std::string windows_days(const ScheduledJob& job, bool by_weekday) {
    constexpr std::array names = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    constexpr std::array months = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
    const auto& time = job.time;
    std::string days, in_months;
    for (const int month : values_of(time.months)) in_months += format("<{0} />", months.at(static_cast<std::size_t>(month - 1)));
    for (const int day : values_of(time.weekdays)) days += format("<{0} />", names.at(static_cast<std::size_t>(day)));
    const bool is_all_year = time.months.count() == 12;
    if (by_weekday && is_all_year) return format("<ScheduleByWeek><DaysOfWeek>{}</DaysOfWeek><WeeksInterval>1</WeeksInterval></ScheduleByWeek>", days);
    if (by_weekday) return format("<ScheduleByMonthDayOfWeek><Weeks><Week>1</Week><Week>2</Week><Week>3</Week><Week>4</Week><Week>Last</Week></Weeks><DaysOfWeek>{}</DaysOfWeek><Months>{}</Months></ScheduleByMonthDayOfWeek>", days, in_months);
    if (time.is_every_day_of_month() && is_all_year) return "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>";
    std::string of_month;
    for (const int day : values_of(time.days)) of_month += format("<Day>{}</Day>", day);
    return format("<ScheduleByMonth><DaysOfMonth>{}</DaysOfMonth><Months>{}</Months></ScheduleByMonth>", of_month, in_months);
}

Result<std::string> windows_triggers(const ScheduledJob& job) {
    constexpr std::size_t triggers_max = 48;
    const auto& time = job.time;
    std::vector<bool> ways;
    if (time.is_every_weekday() || !time.is_every_day_of_month()) ways.push_back(false);
    if (!time.is_every_weekday()) ways.push_back(true);
    const bool every_hour = time.is_every_hour();
    const std::vector<int> hours = every_hour ? std::vector<int>{0} : values_of(time.hours);
    const auto minutes = values_of(time.minutes);
    if (ways.size() * hours.size() * minutes.size() > triggers_max) return too_many(job);
    std::string text;
    for (const bool by_weekday : ways) {
        for (const int hour : hours) {
            for (const int minute : minutes) {
                text += "    <CalendarTrigger>\n";
                if (every_hour) text += "      <Repetition><Interval>PT1H</Interval><Duration>P1D</Duration></Repetition>\n";
                text += format("      <StartBoundary>2026-01-01T{:02}:{:02}:00</StartBoundary>\n      <Enabled>true</Enabled>\n      {}\n    </CalendarTrigger>\n", hour, minute, windows_days(job, by_weekday));
            }
        }
    }
    return text;
}

}  // namespace

std::string xml_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

// As CommandLineToArgvW reads it: backslashes count only before a quote.
std::string windows_word(std::string_view text) {
    std::string out = "\"";
    std::size_t backslashes = 0;
    for (const char c : text) {
        if (c == '"') out.append(backslashes + 1, '\\');
        backslashes = c == '\\' ? backslashes + 1 : 0;
        out += c;
    }
    out.append(backslashes, '\\');
    return out + "\"";
}

Result<std::vector<DefinitionFile>> launchd_agents(const SchedulePlan& plan) {
    TRY(expect_xml(plan));
    std::vector<DefinitionFile> files;
    for (const auto& job : plan.jobs) {
        const std::string label = unit_name(plan, job);
        std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                           "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n";
        text += format("  <key>Label</key>\n  <string>{}</string>\n  <key>ProgramArguments</key>\n  <array>\n", xml_text(label));
        for (const auto& word : plan.words(job, SchedulePlan::When::now)) text += format("    <string>{}</string>\n", xml_text(word));
        text += format("  </array>\n  <key>WorkingDirectory</key>\n  <string>{}</string>\n", xml_text(plan.folder));
        if (!plan.environment.empty()) {
            text += "  <key>EnvironmentVariables</key>\n  <dict>\n";
            for (const auto& [name, value] : plan.environment) text += format("    <key>{}</key><string>{}</string>\n", xml_text(name), xml_text(value));
            text += "  </dict>\n";
        }
        text += TRY(launchd_calendar(job)) + "  <key>Nice</key>\n  <integer>10</integer>\n  <key>LowPriorityIO</key>\n  <true/>\n</dict>\n</plist>\n";
        files.push_back({.name = label + ".plist", .text = std::move(text)});
    }
    return files;
}

Result<std::vector<DefinitionFile>> windows_tasks(const SchedulePlan& plan) {
    TRY(expect_xml(plan));
    std::vector<DefinitionFile> files;
    for (const auto& job : plan.jobs) {
        std::string arguments = "--cd " + windows_word(plan.folder) + " --exec";
        if (!plan.environment.empty()) arguments += " env";
        for (const auto& [name, value] : plan.environment) arguments += " " + windows_word(name + "=" + value);
        for (const auto& word : plan.words(job, SchedulePlan::When::now)) arguments += " " + windows_word(word);
        std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n";
        text += format("  <RegistrationInfo>\n    <Description>holdfast {} in {}</Description>\n  </RegistrationInfo>\n  <Triggers>\n{}  </Triggers>\n", xml_text(job.name),
                       xml_text(plan.folder), TRY(windows_triggers(job)));
        text += "  <Settings>\n    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n"
                "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\n    <StartWhenAvailable>true</StartWhenAvailable>\n    <Priority>8</Priority>\n  </Settings>\n";
        text += format("  <Actions>\n    <Exec>\n      <Command>wsl.exe</Command>\n      <Arguments>{}</Arguments>\n    </Exec>\n  </Actions>\n</Task>\n", xml_text(arguments));
        files.push_back({.name = unit_name(plan, job) + ".xml", .text = std::move(text)});
    }
    return files;
}

}  // namespace holdfast::operations
