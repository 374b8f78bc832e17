// A schedule as the definitions of those who can run one: systemd, cron, launchd, the Windows Task Scheduler.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "holdfast/operations/schedule_time.h"

namespace holdfast::operations {

struct ScheduledJob {
    std::string name;      // "backup"
    ScheduleTime time;
    std::string as_said;   // "daily 02:30"
    bool takes_databases = false;
};
// One schedule: of one folder, of one user.
struct SchedulePlan {
    std::string id;        // "app-1a2b3c4d": [a-z0-9-], told from others by the folder
    std::string folder;    // canonical; jobs run in it
    std::string program;   // canonical
    std::vector<std::string> databases;  // canonical; behind "schedule run JOB" of a job that takes them
    std::vector<std::string> arguments;  // behind those
    std::vector<std::pair<std::string, std::string>> environment;  // what the jobs' environment must have
    std::vector<ScheduledJob> jobs;

    // Program and arguments. `missed`: it runs only if the last run due was missed.
    enum class When { now, if_missed };
    std::vector<std::string> words(const ScheduledJob& job, When when) const;
};

struct DefinitionFile {
    std::string name, text;
};
// The first line of every systemd unit of ours: by it they are known again.
constexpr std::string_view unit_mark = "# Written by: holdfast schedule install. Removed by: holdfast schedule remove.";

// Each fails `invalid` where a path cannot be said in that language, or a time takes too many entries.
Result<std::vector<DefinitionFile>> systemd_units(const SchedulePlan& plan);  // a .service and a .timer for each job
Result<std::string> cron_block(const SchedulePlan& plan);                    // with its first and last line
Result<std::vector<DefinitionFile>> launchd_agents(const SchedulePlan& plan);
Result<std::vector<DefinitionFile>> windows_tasks(const SchedulePlan& plan);  // run in WSL

std::string unit_name(const SchedulePlan& plan, const ScheduledJob& job);  // "holdfast-app-1a2b3c4d-backup"

std::string with_cron_block(const std::string& crontab, const std::string& block);  // behind all lines, also a last one without an end
// Of a crontab, without this schedule's block. Every other byte is as it was. `invalid`: the block has no end.
Result<std::string> without_cron_block(const std::string& crontab, const std::string& id);

// --- quoting, for each language ---
Result<std::string> systemd_word(std::string_view text);    // a word of ExecStart=
Result<std::string> systemd_path(std::string_view path);    // of WorkingDirectory=
Result<std::string> cron_command(const std::vector<std::string>& words);
std::string xml_text(std::string_view text);
std::string windows_word(std::string_view text);

}  // namespace holdfast::operations
