#include "holdfast/operations/schedule_places.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/run_program.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t unit_size_max = 1024 * 1024;
constexpr std::size_t crontab_size_max = 16 * 1024 * 1024;

struct Ended {
    host::ProgramEnd end;
    std::string text;
};
Result<Ended> run(Context& context, std::vector<std::string> words, host::ProgramOutput output) {
    constexpr std::int64_t time_ms_max = 60'000;
    Ended ended;
    host::ProgramOrder order;
    order.words = std::move(words);
    order.environment = {{"LC_ALL", "C"}};
    order.output = output;
    order.take = [&](ByteView bytes) {
        ended.text += text_of(bytes);
        return ended.text.size() <= crontab_size_max;
    };
    order.time_ms_max = time_ms_max;
    order.stop = context.watch.stop;
    ended.end = TRY(host::run_program(order));
    return ended;
}

Result<void> run_systemctl(Context& context, std::vector<std::string> words) {
    words.insert(words.begin(), {"systemctl", "--user"});
    const auto ended = TRY(run(context, words, host::ProgramOutput::taken_with_errors));
    if (ended.end.is_success()) return {};
    return fail(ErrorCode::unavailable, "systemctl --user {} {}: {}", words[2], ended.end.text(), printable(trim(ended.text))).with_advice("--by cron uses the crontab instead");
}

Result<bool> is_ours(Context& context, const std::string& path) {
    const Bytes bytes = TRY(host::read_file(context.host.files, path, unit_size_max));
    return text_of(bytes).starts_with(unit_mark);
}

std::vector<std::string> timers_of(const std::vector<std::string>& paths) {
    std::vector<std::string> timers;
    for (const auto& path : paths) {
        if (path.ends_with(".timer")) timers.push_back(host::file_name_of(path));
    }
    return timers;
}

Result<void> on_timers(Context& context, const std::string& verb, const std::vector<std::string>& paths) {
    const auto timers = timers_of(paths);
    if (timers.empty()) return {};
    std::vector<std::string> words = {verb, "--now"};
    words.insert(words.end(), timers.begin(), timers.end());
    return run_systemctl(context, std::move(words));
}

}  // namespace

bool user_systemd_runs(Context& context) {
    const auto ended = run(context, {"systemctl", "--user", "show-environment"}, host::ProgramOutput::taken_with_errors);
    return ended && ended->end.is_success();
}

std::string unit_folder() { return host::join_path(host::folder_of(host::config_folder()), "systemd/user"); }

Result<std::vector<std::string>> install_units(Context& context, const std::vector<DefinitionFile>& units) {
    host::FileSystem& files = context.host.files;
    std::vector<std::string> paths;
    for (const auto& unit : units) {
        paths.push_back(host::join_path(unit_folder(), unit.name));
        if (!TRY(host::exists(files, paths.back())) || TRY(is_ours(context, paths.back()))) continue;
        return fail(ErrorCode::exists, "write the unit {}: there is one of that name that is not ours", printable(paths.back())).with_advice("look at it, and move it away");
    }
    TRY(host::make_folders_durably(files, unit_folder(), 0755));
    for (std::size_t i = 0; i < units.size(); ++i) TRY(host::replace_atomically(files, paths[i], bytes_of(units[i].text), 0644));
    TRY(run_systemctl(context, {"daemon-reload"}));
    TRY(on_timers(context, "enable", paths));
    return paths;
}

Result<std::vector<std::string>> remove_units(Context& context, const std::vector<std::string>& paths) {
    std::vector<std::string> ours;
    for (const auto& path : paths) {
        if (TRY(host::exists(context.host.files, path)) && TRY(is_ours(context, path))) ours.push_back(path);
    }
    if (ours.empty()) return ours;
    TRY(on_timers(context, "disable", ours));
    for (const auto& path : ours) TRY(context.host.files.remove(path));
    TRY(context.host.files.sync_folder(unit_folder()));
    TRY(run_systemctl(context, {"daemon-reload"}));
    return ours;
}

Result<std::string> read_crontab(Context& context) {
    const auto listed = run(context, {"crontab", "-l"}, host::ProgramOutput::taken_with_errors);
    if (!listed) return listed.error().copy().with_advice("install cron, or --print systemd, launchd or windows");
    if (!listed->end.is_success()) {
        if (listed->text.find("no crontab") != std::string::npos) return std::string();
        return fail(ErrorCode::unavailable, "read the crontab: crontab -l {}: {}", listed->end.text(), printable(trim(listed->text)));
    }
    return TRY(run(context, {"crontab", "-l"}, host::ProgramOutput::taken)).text;  // without what it may have warned of
}

Result<void> write_crontab(Context& context, const std::string& text) {
    host::FileSystem& files = context.host.files;
    std::vector<std::string> words = {"crontab", "-r"};
    const std::string path = host::join_path(host::state_folder(), "schedules/crontab.new");
    if (!text.empty()) {
        TRY(host::make_folders_durably(files, host::folder_of(path), 0700));
        TRY(host::replace_atomically(files, path, bytes_of(text), 0600));
        words[1] = path;
    }
    const auto ended = run(context, words, host::ProgramOutput::taken_with_errors);
    if (!text.empty()) static_cast<void>(files.remove(path));
    if (!ended) return ended.error().copy();
    if (ended->end.is_success()) return {};
    return fail(ErrorCode::unavailable, "write the crontab: crontab {}: {}", ended->end.text(), printable(trim(ended->text)));
}

}  // namespace holdfast::operations
