#include "holdfast/operations/new_settings.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/find_settings.h"
#include "holdfast/operations/named_databases.h"
#include "holdfast/operations/new_file.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/settings_pages.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t found_max = 16;
constexpr std::size_t looked_at_max = 5000;
constexpr std::string_view magic("SQLite format 3\0", 16);

// Those that the person named: each must be one.
Result<std::vector<std::string>> as_named(Context& context, const std::vector<std::string>& names) {
    std::vector<std::string> paths;
    for (auto& database : TRY(named_databases(context, names))) {
        if (database.failure) return std::move(*database.failure);
        paths.push_back(std::move(database.path));
    }
    return paths;
}

// By the first bytes: a name proves nothing.
bool is_database(host::FileSystem& files, const std::string& path) {
    const auto status = files.status_of_link(path);
    if (!status || status->kind != host::FileKind::regular || status->size < magic.size()) return false;
    const auto file = files.open_to_read(path);
    std::array<std::byte, magic.size()> head{};
    return file && (*file)->read_at(0, head).value_or(0) == head.size() && text_of(head) == magic;
}

struct Found {
    std::vector<std::string> databases;
    std::size_t looked_at = 0;
    bool is_full() const { return databases.size() >= found_max || looked_at >= looked_at_max; }
};

// What is hidden is a cache, or the repository.
std::vector<std::string> visible_in(host::FileSystem& files, const std::string& folder) {
    auto names = files.list(folder).value_or({});
    std::erase_if(names, [](const std::string& name) { return name.starts_with('.') || printable(name) != name; });
    std::ranges::sort(names);
    return names;
}

void look_in(host::FileSystem& files, const std::string& folder, Found& found) {
    for (const auto& name : visible_in(files, folder)) {
        if (found.is_full()) return;
        ++found.looked_at;
        const auto path = host::join_path(folder, name);
        if (is_database(files, path)) found.databases.push_back(path);
    }
}

// In the folder, and one level below.
Found databases_near(Context& context, const std::string& folder) {
    auto& files = context.host.files;
    Found found;
    look_in(files, folder, found);
    for (const auto& name : visible_in(files, folder)) {
        const auto below = host::join_path(folder, name);
        const auto status = files.status_of_link(below);
        if (!status || status->kind != host::FileKind::folder || found.is_full()) continue;
        if (refuse_inside_repository(context, host::join_path(below, "x"))) look_in(files, below, found);
    }
    return found;
}

// What begins with "~" or "file:" would be read as something else.
std::string relative_to(const std::string& folder, const std::string& path) {
    const std::string begin = folder == "/" ? "/" : folder + "/";
    if (!path.starts_with(begin)) return path;
    const auto rest = path.substr(begin.size());
    return rest.starts_with('~') || rest.find(':') != std::string::npos ? "./" + rest : rest;
}

// "data/app.db" is app; a second one is app-2.
std::string source_name(const std::string& path, const std::set<std::string>& taken) {
    std::string name;
    const auto file = host::file_name_of(path);
    for (const char c : file.substr(0, std::max<std::size_t>(1, file.rfind('.') == std::string::npos ? file.size() : file.rfind('.')))) {
        const bool is_bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        name += is_bare ? c : '_';
    }
    std::string free = name;
    for (int i = 2; taken.contains(free); ++i) free = format("{}-{}", name, i);
    return free;
}

NewFileText text_plan(const InitRequest& request, const NewSettings& plan, const std::string& repository) {
    const auto folder = host::folder_of(plan.file);
    NewFileText text{.repository = relative_to(folder, repository), .key_file = {}, .password_file = {}, .password_command = {}, .sources = {}};
    const auto path_in_file = [](const std::string& path) {  // as it is meant from here
        return path.empty() || path.starts_with('/') ? path : host::join_path(host::working_folder(), path);
    };
    const auto& flags = request.repository;
    const bool is_by_flag = !flags.key_file.empty() || !flags.password_file.empty() || !flags.password_command.empty();
    const auto& [key_file, password_file, password_command] = is_by_flag ? std::tie(flags.key_file, flags.password_file, flags.password_command)
                                                                        : std::tie(plan.unlock.key_file, plan.unlock.password_file, plan.unlock.password_command);
    text.key_file = relative_to(folder, path_in_file(key_file));
    text.password_file = relative_to(folder, path_in_file(password_file));
    text.password_command = password_command;
    std::set<std::string> taken;
    for (const auto& database : plan.databases) {
        const auto name = source_name(database, taken);
        taken.insert(name);
        text.sources.push_back({.name = name, .database = relative_to(folder, database)});
    }
    return text;
}

// The settings of a profile are its own: neither the databases named, nor what lies near, goes into them.
Result<std::optional<Profile>> wanted_profile(Context& context, const InitRequest& request) {
    if (request.profile.empty()) {
        if (request.scripts) return fail(ErrorCode::invalid, "write scripts: no profile is named").with_advice("--profile NAME says whose scripts");
        return std::optional<Profile>();
    }
    if (!request.databases.empty()) return fail(ErrorCode::invalid, "make settings: both databases and --profile {} are named", printable(request.profile)).with_advice("--profile alone, and databases in the settings that it writes");
    if (request.no_settings || is_without_settings(request.repository.settings)) return fail(ErrorCode::invalid, "make settings: --profile is given, and that there shall be none").with_advice("one of the two");
    auto profile = TRY(find_profile(context, request.profile));
    if (request.scripts && profile.scripts.empty()) return fail(ErrorCode::invalid, "write scripts: the profile {} has none", printable(profile.name)).with_advice("leave --scripts out");
    return std::optional(std::move(profile));
}

struct TextToWrite {
    std::string text, note;
};
Result<TextToWrite> text_to_write(Context& context, const NewSettings& plan, const NewFileText& text) {
    if (!plan.profile) return TextToWrite{new_settings_file(text), plan.note};
    auto made = TRY(profile_settings(context, *plan.profile, {.file = plan.file, .repository = text}));
    return TextToWrite{std::move(made.text), std::move(made.note)};
}

Result<void> write_wanted_scripts(Context& context, const InitRequest& request, const NewSettings& plan, InitReport& report) {
    if (!request.scripts) return {};
    const auto& file = plan.is_wanted() ? report.settings : plan.present.file;
    if (file.empty()) {
        report.settings_note += "; so the scripts were not written either";
        return {};
    }
    const auto project = host::folder_of(file);
    auto written = TRY(request.dry_run ? rehearse_scripts(context, *plan.profile, project) : write_scripts(context, *plan.profile, project));
    report.scripts = std::move(written.made);
    report.scripts_left_alone = std::move(written.left_alone);
    return {};
}

// Of databases that were backed up before there were settings: nobody shall miss those backups later.
void tell_of_others(Context& context, const LoadedSettings& written, InitReport& report) {
    for (const auto& [name, source] : written.settings.source) {
        for (const auto& database : source.databases) {
            const auto path = host::canonical_or_future(context.host.files, database);
            if (!path) continue;
            const auto place = place_of_databases(context, {*path});
            if (!place || !place->is_there || place->path == report.repository) continue;
            report.settings_note += format("{}backups of {} went into {} until now: what is there stays there, and -r names it",
                                           report.settings_note.empty() ? "" : "; ", printable(*path), printable(place->path));
        }
    }
}

Result<void> write_it(Context& context, const InitRequest& request, const NewSettings& plan, InitReport& report) {
    if (!plan.is_wanted()) return {};
    const auto [text, note] = TRY(text_to_write(context, plan, text_plan(request, plan, report.repository)));
    report.settings_note = note;
    const auto read = read_settings_text(context.host.files, {.text = text, .file = plan.file, .environment = {}});
    if (!read.problems.empty()) {  // a path that is no UTF-8; of a profile, a variable that is not set
        report.settings_note = format("no settings were written: {}", read.problems.front().message);
        return {};
    }
    if (request.dry_run) report.settings_text = text;
    const auto written = request.dry_run ? Result<bool>(true) : write_if_absent(context.host, {.path = plan.file, .text = text});
    if (!written || !*written) {
        report.settings_note = format("no settings were written: {}", written ? "there are some by now" : written.error().message());
        return {};
    }
    report.settings = plan.file;
    for (const auto& [name, source] : read.loaded.settings.source) report.sources.push_back(name);
    tell_of_others(context, read.loaded, report);
    return {};
}

}  // namespace

Result<NewSettings> plan_new_settings(Context& context, const InitRequest& request) {
    NewSettings plan{.present = {}, .above = {}, .profile = TRY(wanted_profile(context, request)), .file = {}, .databases = {}, .note = {}};
    const auto here = context.host.files.canonical(host::working_folder());  // that it has been removed matters only to what is written there
    auto place = TRY(find_settings(context, request.repository.settings));
    if (place && !place->is_named && !request.no_settings && here && host::folder_of(place->file) != *here) {
        place.reset();  // of a project above: this is another
        if (auto above = load_settings(context, request.repository.settings)) plan.above = *std::move(above);
    }
    if (place && TRY(host::exists(context.host.files, place->file))) {
        plan.present = TRY(load_settings(context, request.repository.settings));
        plan.note = format("there are settings already: {}", printable(place->file));
        if (!request.databases.empty()) plan.note += "; they were left alone: add sources for the databases there";
        if (plan.profile) plan.note += "; they were left alone";
        return plan;
    }
    const bool is_asked = place || plan.profile || !request.databases.empty() || named_repository(request.repository).empty();
    if (request.no_settings || is_without_settings(request.repository.settings) || !is_asked) return plan;
    plan.databases = request.databases.empty() ? std::vector<std::string>() : TRY(as_named(context, request.databases));
    if (!here) return here.error().copy();
    const auto file = place ? place->file : host::join_path(*here, settings_file_name);
    if (const auto outside = refuse_inside_repository(context, file); !outside) {
        plan.note = "no settings were written: the working folder lies in a repository";
        return plan;
    }
    plan.file = file;
    if (request.databases.empty() && !plan.profile) {
        auto found = databases_near(context, *here);
        plan.databases = std::move(found.databases);
        if (found.is_full()) plan.note = format("there may be more databases than the {} found: add sources for them", plan.databases.size());
        else if (plan.databases.empty()) plan.note = "no database was found here: add a source to the settings";
    }
    return plan;
}

Result<void> write_new_settings(Context& context, const InitRequest& request, const NewSettings& plan, InitReport& report) {
    report.settings_note = plan.note;
    TRY(write_it(context, request, plan, report));
    return write_wanted_scripts(context, request, plan, report);
}

}  // namespace holdfast::operations
