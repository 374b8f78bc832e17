#include "holdfast/operations/profile.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/new_file.h"
#include "holdfast/operations/own_program.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view ending = ".toml";
constexpr std::string_view scripts_name = "scripts";
constexpr std::uint64_t profile_size_max = 1024 * 1024;

// As it is built, and as it is installed.
Result<std::string> profiles_folder(Context& context) {
    const auto beside = host::folder_of(TRY(own_program(context)));
    for (const auto& place : {beside, host::folder_of(beside)}) {
        auto folder = host::join_path(place, "share/holdfast/profiles");
        if (TRY(host::exists(context.host.files, folder))) return folder;
    }
    return fail(ErrorCode::unavailable, "find the profiles: there is no share/holdfast/profiles beside {} or above it", printable(beside))
        .with_advice("install holdfast as a whole (cmake --install); or holdfast init without --profile, and edit the settings");
}

Result<std::string> text_of_file(Context& context, const std::string& path) {
    return std::string(text_of(TRY(host::read_file(context.host.files, path, profile_size_max))));
}

// Lines that name the databases: the first is in use, the others are ways to name them otherwise.
struct Ways {
    std::vector<std::string> lines;  // of the whole text
    std::size_t first = 0, count = 0;

    // The text with one of them in use.
    std::string text(std::size_t used) const {
        std::string out;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const bool is_way = i >= first && i < first + count;
            const std::string_view line = is_way && lines[i].starts_with('#') ? std::string_view(lines[i]).substr(1) : std::string_view(lines[i]);
            out += is_way && i != first + used ? "#" : "";
            out += line;
            if (i + 1 < lines.size()) out += "\n";
        }
        return out;
    }
};
Ways ways_in(const std::string& text) {
    constexpr std::string_view live = "databases = ", other = "#databases = ";
    Ways ways;
    for (const auto& line : split(text, '\n')) ways.lines.emplace_back(line);
    const auto is_live = [&](const std::string& line) { return line.starts_with(live); };
    ways.first = static_cast<std::size_t>(std::ranges::find_if(ways.lines, is_live) - ways.lines.begin());
    for (std::size_t i = ways.first; i < ways.lines.size() && (i == ways.first || ways.lines[i].starts_with(other)); ++i) ++ways.count;
    return ways;
}

// A profile says where its repository is in this line, and no more of how it is unlocked.
Result<std::string> with_repository(const Profile& profile, const NewFileText& repository) {
    constexpr std::string_view line = "path = \".holdfast\"\n";
    const auto at = profile.text.find(line);
    if (at == std::string::npos) return fail(ErrorCode::corrupt, "read the profile {}: the line {} is not in it", printable(profile.name), trim(line)).with_advice("install holdfast again");
    return profile.text.substr(0, at) + repository_keys(repository) + profile.text.substr(at + line.size());
}

// The databases of the settings that this text is, where all of them are there.
struct Looked {
    std::vector<std::string> databases, missing;
};
Result<Looked> look(Context& context, const std::string& text, const ProfilePlace& place) {
    Looked looked;
    const auto read = read_settings_text(context.host.files, {.text = text, .file = place.file, .environment = {}});
    for (const auto& [name, source] : read.loaded.settings.source) {
        for (const auto& database : source.databases) {
            looked.databases.push_back(database);
            if (!TRY(host::exists(context.host.files, database))) looked.missing.push_back(database);
        }
    }
    return looked;
}

std::string shown(const std::vector<std::string>& paths) {
    std::string out;
    for (const auto& path : paths) out += (out.empty() ? "" : ", ") + printable(path);
    return out;
}

}  // namespace

Result<Profile> find_profile(Context& context, const std::string& name) {
    const auto folder = TRY(profiles_folder(context));
    std::vector<std::string> names;
    for (const auto& file : TRY(context.host.files.list(folder))) {
        if (file.ends_with(ending)) names.push_back(file.substr(0, file.size() - ending.size()));
    }
    std::ranges::sort(names);
    if (std::ranges::find(names, name) == names.end()) {
        return fail(ErrorCode::invalid, "make settings: there is no profile {}", printable(name)).with_advice(format("one of: {}", shown(names)));
    }
    const auto path = host::join_path(folder, name);
    Profile profile{.name = name, .text = TRY(text_of_file(context, path + std::string(ending))), .scripts = {}};
    const auto scripts = host::join_path(path, scripts_name);
    if (TRY(host::exists(context.host.files, scripts))) profile.scripts = scripts;
    return profile;
}

Result<ProfileSettings> profile_settings(Context& context, const Profile& profile, const ProfilePlace& place) {
    const auto ways = ways_in(TRY(with_repository(profile, place.repository)));
    ProfileSettings settings{.text = ways.text(0), .note = {}};
    std::vector<std::vector<std::string>> found;  // what each way that finds them all has found
    for (std::size_t way = 0; way < ways.count; ++way) {
        auto looked = TRY(look(context, ways.text(way), place));
        if (looked.databases.empty() || !looked.missing.empty()) continue;
        if (found.empty()) settings.text = ways.text(way);
        if (std::ranges::find(found, looked.databases) == found.end()) found.push_back(std::move(looked.databases));
    }
    if (found.empty()) settings.note = format("not there yet: {}: see databases in the settings", shown(TRY(look(context, settings.text, place)).missing));
    if (found.size() > 1) settings.note = format("both {} and {} are there: the settings name the first; see databases there", shown(found[0]), shown(found[1]));
    return settings;
}

Result<WrittenScripts> write_scripts(Context& context, const Profile& profile, const std::string& project) {
    auto& files = context.host.files;
    const auto folder = host::join_path(project, scripts_name);
    TRY(host::make_folders_durably(files, folder, 0755));
    auto names = TRY(files.list(profile.scripts));
    std::ranges::sort(names);
    WrittenScripts written;
    for (const auto& name : names) {
        const auto path = host::join_path(folder, name);
        const NewFile file{.path = path, .text = TRY(text_of_file(context, host::join_path(profile.scripts, name))), .mode = 0755};
        (TRY(write_if_absent(context.host, file)) ? written.made : written.left_alone).push_back(path);
    }
    return written;
}

Result<WrittenScripts> rehearse_scripts(Context& context, const Profile& profile, const std::string& project) {
    auto names = TRY(context.host.files.list(profile.scripts));
    std::ranges::sort(names);
    WrittenScripts written;
    for (const auto& name : names) {
        const auto path = host::join_path(host::join_path(project, scripts_name), name);
        const auto status = context.host.files.status_of_link(path);
        if (!status && status.error().code() != ErrorCode::not_found) return status.error().copy();
        (status ? written.left_alone : written.made).push_back(path);
    }
    return written;
}

}  // namespace holdfast::operations
