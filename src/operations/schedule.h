// schedule: backups and their proof by themselves, by systemd's timers or cron, with runs that were missed made up.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct ScheduleInstallRequest {
    RepositoryRequest repository;
    std::vector<std::string> databases;
    std::string backup, verify, drill, maintain, prune, by, print;
    bool dry_run = false;

    static OperationText operation() {
        return {.name = "schedule install",
                .sentence = "Have backups, verifications, drills, maintenance and prunes run by themselves.",
                .details = "Of the working folder: what is run finds its settings and repository there. When each job runs is said by its flag, else by [schedule] "
                           "in the settings; never leaves one out. The settings are read now: after they change, install again. Times are hourly, daily, weekly, monthly, 'daily 04:30', "
                           "'weekly sun 05:00', 'monthly 1 06:00' or a cron line of five fields, on the local calendar. Where the user's systemd runs, timers "
                           "are written and enabled, else entries of the crontab; --print only prints definitions. Installing again replaces what is there.",
                .examples = {{"holdfast schedule install", "with the settings of this folder"},
                             {"holdfast schedule install app.db --backup 'daily 04:30' --drill never", "without settings"},
                             {"holdfast schedule install app.db --print launchd", "for a Mac"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.name = "database", .sentence = "The databases to back up and maintain, where no settings say.", .value = "DATABASE", .positional = true});
        visit(backup, {.name = "backup", .sentence = "When to back up. Default: what the settings say, else hourly.", .value = "TIME"});
        visit(verify, {.name = "verify", .sentence = "When to verify. Default: what the settings say, else daily.", .value = "TIME"});
        visit(drill, {.name = "drill", .sentence = "When to rehearse a restore. Default: what the settings say, else weekly.", .value = "TIME"});
        visit(maintain, {.name = "maintain", .sentence = "When to maintain the databases. Default: what the settings say, else weekly.", .value = "TIME"});
        visit(prune, {.name = "prune", .sentence = "When to free the space of forgotten backups. Default: what the settings say, else daily.", .value = "TIME"});
        visit(by, {.name = "by", .sentence = "systemd or cron. Default: systemd where it runs for this user.", .value = "NAME"});
        visit(print, {.name = "print", .sentence = "Only print definitions: systemd, cron, launchd or windows.", .value = "NAME"});
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be written; change nothing.", .letter = 'n'});
        repository.describe(visit);
    }
};
struct ScheduleJobReport {
    std::string job, time, cron, state;
    std::optional<Timestamp> next, last_start, last_end;
    std::optional<std::int64_t> exit_code;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("job", job, "backup, verify, drill, maintain or prune.");
        visit("time", time, "When, as it was said.");
        visit("cron", cron, "The same as a cron line.");
        visit("next", next, "When it is due next.");
        visit("last_start", last_start, "When it ran last.");
        visit("last_end", last_end, "When that ended.");
        visit("exit_code", exit_code, "How: 0 is well.");
        visit("state", state, "never run, running, done, failed, or did not end.");
    }
};
struct ScheduleText {
    std::string name, text;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "Of the file; crontab: a part of the crontab.");
        visit("text", text, "What is in it.");
    }
};
struct ScheduleReport {
    std::string id, folder, by;
    bool installed = false, dry_run = false;
    std::vector<ScheduleJobReport> jobs;
    std::vector<std::string> files, warnings;
    std::vector<ScheduleText> printed;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("id", id, "The schedule's name, in units and in the crontab.");
        visit("folder", folder, "The folder it belongs to; jobs run in it.");
        visit("installed", installed, "Whether it is installed now.");
        visit("by", by, "systemd or cron.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("jobs", jobs, "What runs, and when.");
        visit("files", files, "What was, or would be, written or removed.");
        visit("printed", printed, "Definitions that were asked for.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<ScheduleReport> install_schedule(Context& context, const ScheduleInstallRequest& request);

struct ScheduleShowRequest {
    static OperationText operation() {
        return {.name = "schedule show", .sentence = "What is scheduled for this folder: when it ran last, how that ended, when it runs next.",
                .examples = {{"holdfast schedule show", ""}}};
    }
    template <class Visitor>
    void describe(Visitor&) {}
};
Result<ScheduleReport> show_schedule(Context& context, const ScheduleShowRequest& request);

struct ScheduleRemoveRequest {
    bool dry_run = false;
    static OperationText operation() {
        return {.name = "schedule remove", .sentence = "Take away what schedule install wrote for this folder, and nothing else.",
                .examples = {{"holdfast schedule remove --dry-run", "what would go"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be removed; change nothing.", .letter = 'n'});
    }
};
Result<ScheduleReport> remove_schedule(Context& context, const ScheduleRemoveRequest& request);

struct ScheduleRunRequest {
    RepositoryRequest repository;
    std::string job, missed;
    std::vector<std::string> databases;
    static OperationText operation() {
        return {.name = "schedule run",
                .sentence = "Run one job of the schedule now: what timers and crontabs call.",
                .details = "It keeps when it ran and how it ended, and never runs twice at once (exit code 7). It ends with the exit code of the job.",
                .examples = {{"holdfast schedule run backup app.db", ""}, {"holdfast schedule run prune --missed '0 4 * * *'", "only if the last run due was missed"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(job, {.name = "job", .sentence = "backup, verify, drill, maintain or prune.", .value = "JOB", .positional = true, .required = true});
        visit(databases, {.name = "database", .sentence = "The databases to back up and maintain, where no settings say.", .value = "DATABASE", .positional = true});
        visit(missed, {.name = "missed", .sentence = "Only if it was due by this time and has not run since.", .value = "TIME"});
        repository.describe(visit);
    }
};
struct ScheduleRunReport {
    std::string job, why_not, ending;
    bool ran = false;
    std::int64_t exit_code = 0;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("job", job, "The job.");
        visit("ran", ran, "Whether it was run.");
        visit("why_not", why_not, "Why not.");
        visit("ending", ending, "How it ended.");
        visit("exit_code", exit_code, "Its exit code.");
        visit("duration_ms", duration_ms, "How long it took.");
    }
};
Result<ScheduleRunReport> run_scheduled(Context& context, const ScheduleRunRequest& request);

}  // namespace holdfast::operations
