#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/schedule_definitions.h"

namespace holdfast::operations {

namespace {

std::string doubled(std::string_view text, std::string_view specials) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (specials.find(c) != std::string_view::npos) out += c;
    }
    return out;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Error cannot_say(std::string_view text) {
    return fail(ErrorCode::invalid, "write a systemd unit: '{}' cannot be said in one", printable(text)).with_advice("another folder, or another name");
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (is_control(c)) out += format("\\x{:02x}", static_cast<unsigned char>(c));
        else if (c == '"' || c == '\\') out += std::string("\\") + c;
        else out += c;
    }
    return out + "\"";
}

// systemd takes no program with these in its path, however it is quoted.
Result<void> expect_plain_program(const std::string& path) {
    if (path.find_first_of("\"'\\") == std::string::npos && std::ranges::none_of(path, is_control)) return {};
    return fail(ErrorCode::invalid, "write a systemd unit: systemd starts no program whose path has quotes or backslashes, as {} has", printable(path))
        .with_advice("install holdfast elsewhere, or --by cron");
}

Result<std::string> exec_line(const SchedulePlan& plan, const ScheduledJob& job) {
    TRY(expect_plain_program(plan.program));
    std::string line;
    for (const auto& word : plan.words(job, SchedulePlan::When::now)) {
        // Variables are put into arguments, but not into the program's own path.
        const bool is_program = line.empty();
        line += (is_program ? "" : " ") + (is_program ? quoted(doubled(word, "%")) : TRY(systemd_word(word)));
    }
    return line;
}

Result<std::string> service(const SchedulePlan& plan, const ScheduledJob& job) {
    std::string text = format("{}\n[Unit]\nDescription=holdfast {} in {}\n\n[Service]\nType=oneshot\n", unit_mark, job.name,
                              doubled(printable(plan.folder), "%\\"));
    text += format("WorkingDirectory={}\n", TRY(systemd_path(plan.folder)));
    for (const auto& [name, value] : plan.environment) text += format("Environment={}\n", quoted(doubled(name + "=" + value, "%")));
    text += format("ExecStart={}\n", TRY(exec_line(plan, job)));
    return text + "Nice=10\nIOSchedulingClass=best-effort\nIOSchedulingPriority=7\n";
}

std::string timer(const SchedulePlan& plan, const ScheduledJob& job) {
    std::string text = format("{}\n[Unit]\nDescription=When holdfast {} runs in {}\n\n[Timer]\n", unit_mark, job.name, doubled(printable(plan.folder), "%\\"));
    for (const auto& on : job.time.on_calendar()) text += format("OnCalendar={}\n", on);
    return text + "Persistent=true\nRandomizedDelaySec=30\nAccuracySec=30\n\n[Install]\nWantedBy=timers.target\n";
}

}  // namespace

Result<std::string> systemd_word(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return cannot_say(text);
    return quoted(doubled(text, "%$"));
}

// Taken as it is but for specifiers: no quotes, and spaces at its ends are dropped.
Result<std::string> systemd_path(std::string_view path) {
    const bool has_control = std::string_view::npos != path.find_first_of(std::string_view("\0\t\n\r\v\f", 6));
    if (has_control || path.ends_with(' ') || path.ends_with('\\') || !path.starts_with('/')) return cannot_say(path);
    return doubled(path, "%");
}

std::string unit_name(const SchedulePlan& plan, const ScheduledJob& job) { return format("holdfast-{}-{}", plan.id, job.name); }

std::vector<std::string> SchedulePlan::words(const ScheduledJob& job, When when) const {
    std::vector<std::string> all = {program, "schedule", "run", job.name};
    if (job.takes_databases) all.insert(all.end(), databases.begin(), databases.end());
    if (when == When::if_missed) all.insert(all.end(), {"--missed", job.time.cron_line()});
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

Result<std::vector<DefinitionFile>> systemd_units(const SchedulePlan& plan) {
    std::vector<DefinitionFile> files;
    for (const auto& job : plan.jobs) {
        auto text = TRY(service(plan, job));
        files.push_back({.name = unit_name(plan, job) + ".service", .text = std::move(text)});
        files.push_back({.name = unit_name(plan, job) + ".timer", .text = timer(plan, job)});
    }
    return files;
}

}  // namespace holdfast::operations
