#include "holdfast/operations/new_settings.h"

#include <algorithm>
#include <array>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/find_settings.h"
#include "holdfast/operations/named_databases.h"
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

// A file that appears whole or not at all.
Result<void> write_file(const host::Host& host, const std::string& path, const std::string& text) {
    auto& files = host.files;
    const auto begun = format("{}.{}.new", path, to_hex(host::random_bytes(host.random, 4)));
    const auto write = [&]() -> Result<void> {
        const auto file = TRY(files.create(begun, 0644));
        TRY(file->write_at(0, bytes_of(text)));
        TRY(file->sync());
        TRY(files.rename_if_absent(begun, path));
        return files.sync_folder(host::folder_of(path));
    };
    auto written = write();
    if (!written) (void)files.remove(begun);
    return written;
}

NewFileText text_plan(const InitRequest& request, const NewSettings& plan, const std::string& repository) {
    const auto folder = host::folder_of(plan.file);
    NewFileText text{.repository = relative_to(folder, repository), .key_file = {}, .password_file = {}, .password_command = {}, .sources = {}};
    const auto path_in_file = [](const std::string& path) {  // as it is meant from here
        return path.empty() || path.starts_with('/') ? path : host::join_path(host::working_folder(), path);
    };
    text.key_file = relative_to(folder, path_in_file(request.repository.key_file));
    text.password_file = relative_to(folder, path_in_file(request.repository.password_file));
    text.password_command = request.repository.password_command;
    std::set<std::string> taken;
    for (const auto& database : plan.databases) {
        const auto name = source_name(database, taken);
        taken.insert(name);
        text.sources.push_back({.name = name, .database = relative_to(folder, database)});
    }
    return text;
}

}  // namespace

Result<NewSettings> plan_new_settings(Context& context, const InitRequest& request) {
    NewSettings plan;
    const auto here = context.host.files.canonical(host::working_folder());  // that it has been removed matters only to what is written there
    auto place = TRY(find_settings(context, request.repository.settings));
    if (place && !place->is_named && here && host::folder_of(place->file) != *here) place.reset();  // of a project above: this is another
    if (place && TRY(host::exists(context.host.files, place->file))) {
        plan.present = TRY(load_settings(context, request.repository.settings));
        plan.note = format("there are settings already: {}", printable(place->file));
        if (!request.databases.empty()) plan.note += "; they were left alone: add sources for the databases there";
        return plan;
    }
    const bool is_asked = place || !request.databases.empty() || named_repository(request.repository).empty();
    if (request.no_settings || is_without_settings(request.repository.settings) || !is_asked) return plan;
    plan.databases = request.databases.empty() ? std::vector<std::string>() : TRY(as_named(context, request.databases));
    if (!here) return here.error().copy();
    const auto file = place ? place->file : host::join_path(*here, settings_file_name);
    if (const auto outside = refuse_inside_repository(context, file); !outside) {
        plan.note = "no settings were written: the working folder lies in a repository";
        return plan;
    }
    plan.file = file;
    if (request.databases.empty()) {
        auto found = databases_near(context, *here);
        plan.databases = std::move(found.databases);
        if (found.is_full()) plan.note = format("there may be more databases than the {} found: add sources for them", plan.databases.size());
        else if (plan.databases.empty()) plan.note = "no database was found here: add a source to the settings";
    }
    return plan;
}

Result<void> write_new_settings(Context& context, const InitRequest& request, NewSettings plan, InitReport& report) {
    report.settings_note = std::move(plan.note);
    if (!plan.is_wanted()) return {};
    const auto text = text_plan(request, plan, report.repository);
    const auto file = new_settings_file(text);
    const auto read = read_settings_text(context.host.files, {.text = file, .file = plan.file, .environment = {}});
    if (!read.problems.empty()) {  // a path that is no UTF-8
        report.settings_note = format("no settings were written: {}", read.problems.front().message);
        return {};
    }
    if (auto written = write_file(context.host, plan.file, file); !written) {
        report.settings_note = format("no settings were written: {}", written.error().message());
        return {};
    }
    report.settings = plan.file;
    for (const auto& source : text.sources) report.sources.push_back(source.name);
    return {};
}

}  // namespace holdfast::operations
