#include "holdfast/operations/repository_place.h"

#include <algorithm>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

Result<bool> has_config(host::FileSystem& files, const std::string& folder) {
    for (const char* name : {"config", "config.copy"}) {
        if (TRY(host::exists(files, host::join_path(folder, name)))) return true;
    }
    return false;
}

Result<RepositoryPlace> named_place(Context& context, const std::string& name) {
    RepositoryPlace place;
    place.path = TRY(host::canonical_or_future(context.host.files, name));
    place.is_there = TRY(has_config(context.host.files, place.path));
    return place;
}

Result<RepositoryPlace> default_place(Context& context, const std::string& folder) {
    auto place = TRY(named_place(context, host::join_path(folder, default_repository_name)));
    place.is_default = true;
    return place;
}

// Of a database that was named by a link: whoever moved it to another disk, and left a link, has its repository beside that.
Result<std::string> folder_of_repository(Context& context, const std::string& database) {
    const std::string beside = host::folder_of(database);
    const auto link = context.links.find(database);
    if (link == context.links.end() || host::folder_of(link->second) == beside) return beside;
    const auto by_link = TRY(default_place(context, host::folder_of(link->second)));
    if (!by_link.is_there) return beside;
    const auto by_file = TRY(default_place(context, beside));
    if (!by_file.is_there) return host::folder_of(link->second);
    return fail(ErrorCode::invalid, "which repository: {} lies beside the link {}, and {} beside the database", printable(by_link.path), printable(link->second), printable(by_file.path))
        .with_advice("-r with the one that is meant");
}

using Places = std::vector<RepositoryPlace>;

// Of those in one folder one.
Result<Places> beside_databases(Context& context, const std::vector<std::string>& databases) {
    std::set<std::string> folders;
    for (const auto& path : databases) folders.insert(TRY(folder_of_repository(context, path)));
    Places places;
    for (const auto& folder : folders) places.push_back(TRY(default_place(context, folder)));
    return places;
}

// Also of one that was named by a link that lies there.
bool lies_below(const Context& context, const std::string& folder, const std::string& database) {
    const auto link = context.links.find(database);
    const std::string begin = folder == "/" ? folder : folder + "/";
    return database.starts_with(begin) || (link != context.links.end() && link->second.starts_with(begin));
}

bool lie_below(const Context& context, const std::string& folder, const std::vector<std::string>& databases) {
    return std::ranges::all_of(databases, [&](const auto& database) { return lies_below(context, folder, database); });
}

// A guess would be a second history: what lies in one of the folders is told, and what would serve all of them.
Error several_folders(const Places& beside) {
    std::string there;
    for (const auto& place : beside) {
        if (place.is_there) there += (there.empty() ? "; there is " : ", ") + printable(place.path);
    }
    std::string shared = host::folder_of(beside.front().path);
    const auto holds = [&](const RepositoryPlace& place) { return shared == "/" || place.path.starts_with(shared + "/"); };
    while (!std::ranges::all_of(beside, holds)) shared = host::folder_of(shared);
    return fail(ErrorCode::invalid, "which repository: the databases lie in {} folders{}", beside.size(), there)
        .with_advice(format("-r REPOSITORY, such as -r {}", shell_word(host::join_path(shared, default_repository_name))));
}

// What anybody may have put above our databases (into /tmp) is no place for them.
bool is_ours(Context& context, const RepositoryPlace& place) {
    const auto status = context.host.files.status(place.path);
    return status && (status->owner == 0 || status->owner == host::user_id());
}

// The nearest above all of them, or above the link by which the first was named. From wherever it is asked for: of backups made by hand in
// one folder and by cron in another there is one history.
Result<std::optional<RepositoryPlace>> above_databases(Context& context, const std::vector<std::string>& databases) {
    std::vector<std::string> starts{host::folder_of(databases.front())};
    if (const auto link = context.links.find(databases.front()); link != context.links.end()) starts.push_back(host::folder_of(link->second));
    for (const auto& start : starts) {
        for (std::string folder = start;; folder = host::folder_of(folder)) {
            auto place = TRY(default_place(context, folder));
            if (place.is_there && lie_below(context, folder, databases) && is_ours(context, place)) return std::optional(std::move(place));
            if (folder == "/" || folder == ".") break;
        }
    }
    return std::optional<RepositoryPlace>();
}

Result<RepositoryPlace> above_working_folder(Context& context) {
    const std::string start = TRY(context.host.files.canonical(host::working_folder()));
    for (std::string folder = start;; folder = host::folder_of(folder)) {
        auto place = TRY(default_place(context, folder));
        if (place.is_there) return place;
        if (folder == "/") break;
    }
    return fail(ErrorCode::not_found, "which repository: there is no {} in {} or above it", default_repository_name,
                printable(start))
        .with_advice("-r REPOSITORY, or set HOLDFAST_REPOSITORY");
}

// Where the settings' own databases are kept, whatever folder is asked from: what a backup of them has made is listed too.
Result<std::optional<RepositoryPlace>> place_of_sources(Context& context, const Settings& settings) {
    std::vector<std::string> databases;
    for (const auto& [name, source] : settings.source) {
        for (const auto& database : source.databases) databases.push_back(TRY(canonical_name(context, database)));
    }
    if (databases.empty()) return std::optional<RepositoryPlace>();
    auto place = TRY(place_of_databases(context, databases));
    return place.is_there ? std::optional(std::move(place)) : std::nullopt;
}

Result<RepositoryPlace> place_by_default(Context& context, const Settings& settings, const OpenHow& how) {
    if (how.databases.empty()) {
        if (auto place = place_of_sources(context, settings); place && *place) return **std::move(place);
        return above_working_folder(context);
    }
    auto place = TRY(place_of_databases(context, how.databases));
    if (place.is_there || how.create_default) return place;
    return above_working_folder(context);
}

bool are_named(const SettingsRequest& request) { return !request.file.empty() || !request.environment.empty() || request.loaded != nullptr; }

RepositorySettings repository_of(const LoadedSettings& loaded) {
    auto settings = loaded.settings.repository;
    if (!settings.password_command.empty()) settings.password_command = beside_settings(loaded, settings.password_command);
    return settings;
}

// Settings that name another repository, or none beside one that a flag names, say nothing of this one.
Result<RepositorySettings> settings_of_named(Context& context, const RepositoryRequest& request, const std::string& path) {
    const auto settings = repository_of(TRY(settings_if_good(context, request)));
    if (settings.path.empty()) return request.repository.empty() ? settings : RepositorySettings{};
    const auto meant = host::canonical_or_future(context.host.files, settings.path);
    return meant && *meant == path ? settings : RepositorySettings{};
}

}  // namespace

std::string named_repository(const RepositoryRequest& request) {
    if (!request.repository.empty()) return request.repository;
    return host::environment("HOLDFAST_REPOSITORY").value_or("");
}

Result<LoadedSettings> settings_if_good(Context& context, const RepositoryRequest& request) {
    auto loaded = load_settings(context, request.settings);
    if (loaded || are_named(request.settings) || named_repository(request).empty()) return loaded;
    context.host.log.write(host::LogLevel::warning, format("going on without settings: {}", loaded.error().message()));
    return LoadedSettings{};
}

Result<RepositoryPlace> find_repository(Context& context, const RepositoryRequest& request, const OpenHow& how) {
    if (const auto name = named_repository(request); !name.empty()) {
        auto place = TRY(named_place(context, name));
        place.settings = TRY(settings_of_named(context, request, place.path));
        return place;
    }
    const auto loaded = TRY(load_settings(context, request.settings));
    const auto settings = repository_of(loaded);
    auto place = settings.path.empty() ? TRY(place_by_default(context, loaded.settings, how)) : TRY(named_place(context, settings.path));
    place.settings = settings;
    return place;
}

Result<RepositoryPlace> place_of_databases(Context& context, const std::vector<std::string>& databases) {
    auto beside = TRY(beside_databases(context, databases));
    if (beside.size() == 1 && beside.front().is_there) return std::move(beside.front());
    for (const auto& place : beside) {
        if (place.is_there && !lie_below(context, host::folder_of(place.path), databases)) return several_folders(beside);
    }
    if (auto above = TRY(above_databases(context, databases))) return *std::move(above);
    if (beside.size() > 1) return several_folders(beside);
    return std::move(beside.front());
}

Result<RepositoryPlace> place_in_working_folder(Context& context) {
    return default_place(context, TRY(context.host.files.canonical(host::working_folder())));
}

Result<bool> is_repository(Context& context, const std::string& folder) {
    if (host::file_name_of(folder) == default_repository_name) return true;
    if (!TRY(has_config(context.host.files, folder))) return false;
    const auto store = TRY(store::open_local_store(context.host, folder, {}));
    const auto config = repository::read_config(*store);
    return config.ok() || config.error().code() == ErrorCode::too_new;
}

Result<void> refuse_inside_repository(Context& context, const std::string& canonical_path) {
    for (std::string folder = host::folder_of(canonical_path);; folder = host::folder_of(folder)) {
        if (TRY(is_repository(context, folder))) {
            return fail(ErrorCode::invalid, "use {}: it lies in the repository {}", printable(canonical_path),
                        printable(folder))
                .with_advice("databases are kept outside of repositories");
        }
        if (folder == "/" || folder == ".") return {};
    }
}

Result<void> refuse_side_file(Context& context, const std::string& canonical_path) {
    for (const std::string_view end : {"-wal", "-shm", "-journal"}) {
        if (!canonical_path.ends_with(end)) continue;
        const std::string database = canonical_path.substr(0, canonical_path.size() - end.size());
        if (!TRY(host::exists(context.host.files, database))) continue;
        return fail(ErrorCode::invalid, "write {}: SQLite would take it for a part of {}, and destroy that", printable(canonical_path), printable(database))
            .with_advice(format("another name, that does not end in {}", end));
    }
    return {};
}

}  // namespace holdfast::operations
