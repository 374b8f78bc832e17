// What is known of a schedule on this machine: what was installed, and how each job ran. Kept in the state folder.
#pragma once

#include <memory>
#include <optional>

#include "holdfast/operations/context.h"
#include "holdfast/operations/schedule_definitions.h"

namespace holdfast::operations {

// "app-1a2b3c4d" of a canonical folder.
std::string schedule_id(const std::string& folder);

struct InstalledSchedule {
    std::string folder, by;  // by: systemd or cron
    std::vector<std::pair<std::string, std::string>> jobs;  // name and time as it was said
    std::vector<std::string> files;                         // paths of units
};
Result<void> keep_installed(Context& context, const std::string& id, const InstalledSchedule& installed);
Result<std::optional<InstalledSchedule>> read_installed(Context& context, const std::string& id);
Result<void> drop_installed(Context& context, const std::string& id);

// How a job ran last.
struct JobStamp {
    Timestamp since;                  // since when it is known: what was due before was not missed
    std::optional<Timestamp> last_start, last_end;
    std::int64_t exit_code = 0;
    std::string ending;
};
// Whether the last run that was due has not begun. One due less than two minutes ago is not missed yet: who runs it on time
// may start a little late.
bool was_missed(const ScheduleTime& time, const JobStamp& stamp, Timestamp now, const host::TimeZone& zone);
Result<std::optional<JobStamp>> read_stamp(Context& context, const std::string& id, const std::string& job);
Result<void> keep_stamp(Context& context, const std::string& id, const std::string& job, const JobStamp& stamp);
// Held while the job runs. `busy`: it is running.
Result<std::unique_ptr<host::FileLock>> lock_job(Context& context, const std::string& id, const std::string& job);

}  // namespace holdfast::operations
