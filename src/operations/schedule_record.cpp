#include "holdfast/operations/schedule_record.h"

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/state_file.h"

namespace holdfast::operations {

namespace {

std::string folder_of_schedule(const std::string& id) { return host::join_path(host::join_path(host::state_folder(), "schedules"), id); }
std::string installed_path(const std::string& id) { return host::join_path(folder_of_schedule(id), "installed.json"); }
std::string stamp_path(const std::string& id, const std::string& job) { return host::join_path(folder_of_schedule(id), job + ".json"); }

Result<std::optional<Json>> read(Context& context, const std::string& path) { return read_state(context, path, "remove it, and install the schedule again"); }

}  // namespace

std::string schedule_id(const std::string& folder) {
    constexpr std::size_t name_size_max = 24, digits = 8;
    std::string name;
    for (const char c : host::file_name_of(folder)) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool is_capital = c >= 'A' && c <= 'Z';
        if (is_plain || is_capital) name += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
        else if (!name.empty() && name.back() != '-') name += '-';
    }
    name = name.substr(0, name_size_max);
    while (name.ends_with('-')) name.pop_back();
    return format("{}-{}", name.empty() ? "folder" : name, sha256(bytes_of(folder)).hex().substr(0, digits));
}

Result<void> keep_installed(Context& context, const std::string& id, const InstalledSchedule& installed) {
    Json jobs = Json::object(), files = Json::array();
    for (const auto& [name, time] : installed.jobs) jobs.set(name, time);
    for (const auto& file : installed.files) files.push(file);
    Json json;
    json.set("folder", installed.folder).set("by", installed.by).set("jobs", std::move(jobs)).set("files", std::move(files));
    return keep_state(context, installed_path(id), json);
}

Result<std::optional<InstalledSchedule>> read_installed(Context& context, const std::string& id) {
    const auto json = TRY(read(context, installed_path(id)));
    if (!json) return std::optional<InstalledSchedule>();
    InstalledSchedule installed{.folder = text_in_state(*json, "folder"), .by = text_in_state(*json, "by"), .jobs = {}, .files = {}};
    if (const auto* jobs = json->find("jobs"); jobs && jobs->as_object()) {
        for (const auto& [name, time] : *jobs->as_object()) {
            if (const auto* text = time.as_text()) installed.jobs.emplace_back(name, *text);
        }
    }
    if (const auto* files = json->find("files"); files && files->as_array()) {
        for (const auto& file : *files->as_array()) {
            if (const auto* text = file.as_text()) installed.files.push_back(*text);
        }
    }
    return std::optional(std::move(installed));
}

Result<void> drop_installed(Context& context, const std::string& id) { return host::remove_tree(context.host.files, folder_of_schedule(id)); }

bool was_missed(const ScheduleTime& time, const JobStamp& stamp, Timestamp now, const host::TimeZone& zone) {
    constexpr std::int64_t late_ns_max = 120 * nanoseconds_per_second;
    const auto due = last_due(time, {now.nanoseconds - late_ns_max}, zone);
    return due && *due > stamp.since && (!stamp.last_start || *due > *stamp.last_start);
}

Result<std::optional<JobStamp>> read_stamp(Context& context, const std::string& id, const std::string& job) {
    const auto json = TRY(read(context, stamp_path(id, job)));
    if (!json) return std::optional<JobStamp>();
    JobStamp stamp{.since = time_in_state(*json, "since").value_or(Timestamp{}),
                   .last_start = time_in_state(*json, "last_start"),
                   .last_end = time_in_state(*json, "last_end"),
                   .exit_code = 0,
                   .ending = text_in_state(*json, "ending")};
    if (const auto* code = json->find("exit_code")) stamp.exit_code = code->as_integer().value_or(0);
    return std::optional(std::move(stamp));
}

Result<void> keep_stamp(Context& context, const std::string& id, const std::string& job, const JobStamp& stamp) {
    const auto nanoseconds = [](const std::optional<Timestamp>& time) { return Json(time ? time->nanoseconds : 0); };
    Json json;
    json.set("since", stamp.since.nanoseconds).set("last_start", nanoseconds(stamp.last_start)).set("last_end", nanoseconds(stamp.last_end));
    json.set("exit_code", stamp.exit_code).set("ending", stamp.ending);
    return keep_state(context, stamp_path(id, job), json);
}

Result<std::unique_ptr<host::FileLock>> lock_job(Context& context, const std::string& id, const std::string& job) {
    const std::string path = host::join_path(folder_of_schedule(id), job + ".lock");
    TRY(host::make_folders_durably(context.host.files, host::folder_of(path), 0700));
    auto lock = context.host.files.try_lock(path);
    if (lock || lock.error().code() != ErrorCode::busy) return lock;
    return fail(ErrorCode::busy, "run {}: it is running already", job).with_advice("holdfast schedule show");
}

}  // namespace holdfast::operations
