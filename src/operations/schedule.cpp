#include "holdfast/operations/schedule.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/own_program.h"
#include "holdfast/operations/schedule_jobs.h"
#include "holdfast/operations/schedule_places.h"
#include "holdfast/operations/schedule_record.h"

namespace holdfast::operations {

namespace {

using Jobs = std::vector<std::pair<std::string, std::string>>;  // name, time as it was said

// What the flags say goes before the settings, and those before the defaults.
Jobs wanted_jobs(const ScheduleInstallRequest& request, const ScheduleSettings& settings) {
    Jobs jobs;
    const auto add = [&](const char* name, const std::string& said, const std::string& otherwise) {
        const std::string& time = said.empty() ? otherwise : said;
        if (time != "never") jobs.emplace_back(name, time);
    };
    add("backup", request.backup, settings.backup);
    add("verify", request.verify, settings.verify);
    add("drill", request.drill, settings.drill);
    add("maintain", request.maintain, settings.maintain);
    add("prune", request.prune, settings.prune);
    return jobs;
}

// What a timer's environment has not: where this user's folders are, when they are not where they usually are.
std::vector<std::pair<std::string, std::string>> folders_in_environment() {
    std::vector<std::pair<std::string, std::string>> found;
    for (const char* name : {"XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"}) {
        if (auto value = host::environment(name); value && value->starts_with('/')) found.emplace_back(name, *value);
    }
    return found;
}

Result<std::vector<std::string>> canonical_databases(Context& context, const std::vector<std::string>& databases) {
    std::vector<std::string> all;
    for (const auto& path : databases) all.push_back(TRY(canonical_database(context, path)));
    return all;
}

// Nothing would say what to back up or maintain, and every run would fail.
Result<void> expect_something_to_do(const ScheduleInstallRequest& request, const Settings& settings, const SchedulePlan& plan) {
    if (plan.jobs.empty()) return fail(ErrorCode::invalid, "install a schedule: every job is never").with_advice("holdfast schedule remove takes it away");
    const auto needs_databases = std::ranges::find_if(plan.jobs, &ScheduledJob::takes_databases);
    if (needs_databases == plan.jobs.end() || !request.databases.empty() || !settings.source.empty()) return {};
    return fail(ErrorCode::invalid, "install a schedule: nothing says what to {}", needs_databases->name == "backup" ? "back up" : "maintain")
        .with_advice("name the databases, or write settings with a source: holdfast init");
}

Result<SchedulePlan> plan_of(Context& context, const ScheduleInstallRequest& request, const Settings& settings) {
    SchedulePlan plan;
    plan.folder = TRY(context.host.files.canonical(host::working_folder()));
    plan.id = schedule_id(plan.folder);
    plan.program = TRY(own_program(context));
    plan.databases = TRY(canonical_databases(context, request.databases));
    plan.arguments = TRY(flags_of(context, request.repository));
    plan.environment = folders_in_environment();
    for (const auto& [name, time] : wanted_jobs(request, settings.schedule)) {
        const auto* kind = TRY(job_kind(name));
        auto parsed = TRY(parse_schedule_time(time, kind->hour));
        plan.jobs.push_back({.name = name, .time = std::move(parsed), .as_said = time, .takes_databases = kind->takes_databases});
    }
    TRY(expect_something_to_do(request, settings, plan));
    return plan;
}

std::vector<ScheduleText> texts_of(const std::vector<DefinitionFile>& files) {
    std::vector<ScheduleText> texts;
    for (const auto& file : files) texts.push_back({.name = file.name, .text = file.text});
    return texts;
}

Result<std::vector<ScheduleText>> definitions(const SchedulePlan& plan, const std::string& language) {
    if (language == "systemd") return texts_of(TRY(systemd_units(plan)));
    if (language == "launchd") return texts_of(TRY(launchd_agents(plan)));
    if (language == "windows") return texts_of(TRY(windows_tasks(plan)));
    if (language == "cron") {
        auto block = TRY(cron_block(plan));
        return std::vector<ScheduleText>{{.name = "crontab", .text = std::move(block)}};
    }
    return fail(ErrorCode::invalid, "print a schedule for {}: that is none of systemd, cron, launchd and windows", printable(language));
}

std::string state_of(Context& context, const std::string& id, const std::string& job, const JobStamp& stamp) {
    if (!stamp.last_start) return "never run";
    if (stamp.last_end) return stamp.exit_code == 0 ? "done" : "failed: " + stamp.ending;
    const auto lock = lock_job(context, id, job);
    return !lock && lock.error().code() == ErrorCode::busy ? "running" : "did not end";
}

Result<std::vector<ScheduleJobReport>> reports_of(Context& context, const std::string& id, const Jobs& jobs) {
    std::vector<ScheduleJobReport> reports;
    for (const auto& [name, said] : jobs) {
        const auto* kind = TRY(job_kind(name));
        const auto time = TRY(parse_schedule_time(said, kind->hour));
        const auto stamp = TRY(read_stamp(context, id, name)).value_or(JobStamp{});
        ScheduleJobReport report{.job = name, .time = said, .cron = time.cron_line(), .state = state_of(context, id, name, stamp)};
        report.next = next_due(time, context.host.clock.now(), host::TimeZone::local());
        report.last_start = stamp.last_start;
        report.last_end = stamp.last_end;
        if (stamp.last_end) report.exit_code = stamp.exit_code;
        reports.push_back(std::move(report));
    }
    return reports;
}

Result<std::vector<std::string>> take_away(Context& context, const std::string& id, const InstalledSchedule& installed) {
    if (installed.by == "systemd") return remove_units(context, installed.files);
    const std::string crontab = TRY(read_crontab(context));
    const std::string rest = TRY(without_cron_block(crontab, id));
    if (rest == crontab) return std::vector<std::string>();
    TRY(write_crontab(context, rest));
    return std::vector<std::string>{"crontab"};
}

// What was installed before and is not any more goes first.
Result<std::vector<std::string>> put_in_place(Context& context, const SchedulePlan& plan, const std::string& by) {
    const auto before = TRY(read_installed(context, plan.id));
    if (before && before->by != by) TRY(take_away(context, plan.id, *before));
    if (by == "cron") {
        const std::string crontab = TRY(read_crontab(context));
        const std::string wanted = with_cron_block(TRY(without_cron_block(crontab, plan.id)), TRY(cron_block(plan)));
        if (wanted != crontab) TRY(write_crontab(context, wanted));
        return std::vector<std::string>{"crontab"};
    }
    const auto paths = TRY(install_units(context, TRY(systemd_units(plan))));
    std::vector<std::string> stale;
    for (const auto& path : before ? before->files : std::vector<std::string>()) {
        if (std::ranges::find(paths, path) == paths.end()) stale.push_back(path);
    }
    TRY(remove_units(context, stale));
    return paths;
}

// Who was installed at this moment has missed nothing yet.
Result<void> begin_stamps(Context& context, const SchedulePlan& plan) {
    for (const auto& job : plan.jobs) {
        if (TRY(read_stamp(context, plan.id, job.name))) continue;
        TRY(keep_stamp(context, plan.id, job.name, {.since = context.host.clock.now(), .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}}));
    }
    return {};
}

Result<std::string> place_for(Context& context, const ScheduleInstallRequest& request) {
    if (request.by.empty()) return std::string(user_systemd_runs(context) ? "systemd" : "cron");
    if (request.by == "systemd" || request.by == "cron") return request.by;
    return fail(ErrorCode::invalid, "install a schedule by {}: that is neither systemd nor cron", printable(request.by)).with_advice("--print launchd or --print windows prints definitions for others");
}

void warn_of_logout(Context& context, ScheduleReport& report) {
    const auto lingers = host::exists(context.host.files, host::join_path("/var/lib/systemd/linger", host::user_name()));
    if (report.by != "systemd" || (lingers && *lingers)) return;
    report.warnings.push_back("timers run while you are logged in, and make up what they missed; loginctl enable-linger has them run always");
}

}  // namespace

Result<ScheduleReport> install_schedule(Context& context, const ScheduleInstallRequest& request) {
    const auto settings = TRY(load_settings(context, request.repository.settings)).settings;
    const auto plan = TRY(plan_of(context, request, settings));
    ScheduleReport report;
    report.id = plan.id;
    report.folder = plan.folder;
    report.dry_run = request.dry_run || !request.print.empty();
    const Jobs jobs = wanted_jobs(request, settings.schedule);
    if (!request.print.empty()) {
        report.printed = TRY(definitions(plan, request.print));
        return report;
    }
    report.by = TRY(place_for(context, request));
    if (request.dry_run) {
        report.printed = TRY(definitions(plan, report.by));
        for (const auto& text : report.printed) report.files.push_back(report.by == "cron" ? text.name : host::join_path(unit_folder(), text.name));
    } else {
        report.files = TRY(put_in_place(context, plan, report.by));
        TRY(begin_stamps(context, plan));
        TRY(keep_installed(context, plan.id, {.folder = plan.folder, .by = report.by, .jobs = jobs, .files = report.files}));
        report.installed = true;
    }
    report.jobs = TRY(reports_of(context, plan.id, jobs));
    warn_of_logout(context, report);
    return report;
}

Result<ScheduleReport> show_schedule(Context& context, const ScheduleShowRequest&) {
    ScheduleReport report;
    report.folder = TRY(context.host.files.canonical(host::working_folder()));
    report.id = schedule_id(report.folder);
    const auto installed = TRY(read_installed(context, report.id));
    if (!installed) return report;
    report.installed = true;
    report.by = installed->by;
    report.files = installed->files;
    report.jobs = TRY(reports_of(context, report.id, installed->jobs));
    for (const auto& path : installed->files) {
        if (installed->by == "systemd" && !TRY(host::exists(context.host.files, path))) {
            report.warnings.push_back(format("{} was removed by somebody: holdfast schedule install writes it again", printable(path)));
        }
    }
    return report;
}

Result<ScheduleReport> remove_schedule(Context& context, const ScheduleRemoveRequest& request) {
    auto report = TRY(show_schedule(context, {}));
    const auto installed = TRY(read_installed(context, report.id));
    if (!installed) {
        return fail(ErrorCode::not_found, "remove the schedule of {}: there is none", printable(report.folder)).with_advice("run it in the folder in which it was installed");
    }
    report.dry_run = request.dry_run;
    report.warnings.clear();
    if (request.dry_run) return report;
    const auto removed = TRY(take_away(context, report.id, *installed));
    for (const auto& path : installed->files) {
        if (std::ranges::find(removed, path) == removed.end()) report.warnings.push_back(format("{} was not there any more, or is somebody else's now", printable(path)));
    }
    report.files = removed;
    report.installed = false;
    TRY(drop_installed(context, report.id));
    return report;
}

}  // namespace holdfast::operations
