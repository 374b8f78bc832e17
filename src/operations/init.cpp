#include "holdfast/operations/init.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/new_settings.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/unlock.h"
#include "holdfast/repository/repository.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t key_size = 32;

// In hexadecimal and with a newline, so that it survives editors and being copied by hand.
Result<bool> make_key_file_if_missing(Context& context, const std::string& path) {
    if (path.empty() || TRY(host::exists(context.host.files, path))) return false;
    const std::string text = to_hex(host::random_bytes(context.host.random, key_size)) + "\n";
    const auto file = TRY(context.host.files.create(path, 0600));
    TRY(file->write_at(0, bytes_of(text)));
    TRY(file->sync());
    TRY(context.host.files.sync_folder(host::folder_of(path)));
    return true;
}

Result<void> expect_sense(const InitRequest& request, const SecretPlace& secret) {
    if (request.encrypt || !secret.is_any()) return {};
    const std::string_view where = secret.is_by_flag ? "" : secret.is_by_settings ? " in the settings" : " in the environment";
    return fail(ErrorCode::invalid, "make a repository: a password or key is given{}, but not --encrypt", where)
        .with_advice(secret.is_by_flag || secret.is_by_settings ? "add --encrypt to seal everything" : "add --encrypt to seal everything, or unset HOLDFAST_KEY_FILE, HOLDFAST_PASSWORD_FILE and HOLDFAST_PASSWORD_COMMAND");
}

Result<void> expect_free(const RepositoryPlace& place) {
    if (!place.is_there) return {};
    return fail(ErrorCode::exists, "make a repository in {}: there is one already{}", printable(place.path), place.settings.path.empty() ? "" : ", which the settings name")
        .with_advice(format("holdfast status -r {}", shell_word(place.path)));
}

// Those that it is made for: as they are named, else all of the settings that are there.
Result<std::vector<std::string>> databases_meant(Context& context, const InitRequest& request, const LoadedSettings& present) {
    std::vector<std::string> names = request.databases, paths;
    for (const auto& [name, source] : present.settings.source) {
        if (request.databases.empty()) names.insert(names.end(), source.databases.begin(), source.databases.end());
    }
    for (const auto& name : names) {
        auto canonical = canonical_database(context, name);
        paths.push_back(canonical ? *std::move(canonical) : TRY(canonical_name(context, name)));
    }
    return paths;
}

bool is_named(const RepositoryRequest& request, const LoadedSettings& settings) {
    return !named_repository(request).empty() || !settings.settings.repository.path.empty();
}

Result<RepositoryPlace> place_by(Context& context, const InitRequest& request, const LoadedSettings& settings) {
    RepositoryRequest where = request.repository;
    where.settings.loaded = std::make_shared<LoadedSettings>(settings);
    return find_repository(context, where, {});
}

// Whoever names no database makes one in the working folder: settings that are to be written will name it, and by settings that are
// there it is found when the databases lie below, and none has one that is nearer.
Result<bool> is_for_working_folder(Context& context, const InitRequest& request, const NewSettings& settings, const std::vector<std::string>& databases) {
    if (!request.databases.empty()) return false;
    if (settings.is_wanted()) return true;
    const auto begin = host::folder_of(TRY(place_in_working_folder(context)).path) + "/";
    for (const auto& database : databases) {
        if (!database.starts_with(begin) || TRY(place_of_databases(context, {database})).is_there) return false;
    }
    return true;
}

// How the settings unlock it, also where they do not name it.
RepositorySettings unlocking_of(const LoadedSettings& loaded) {
    auto settings = loaded.settings.repository;
    if (!settings.password_command.empty()) settings.password_command = beside_settings(loaded, settings.password_command);
    return settings;
}

// The one that is named; else the one in use for the databases; else a new one where a backup of them would make it.
Result<RepositoryPlace> place_of_init(Context& context, const InitRequest& request, const NewSettings& settings) {
    if (is_named(request.repository, settings.present)) return place_by(context, request, settings.present);
    const auto databases = settings.is_wanted() ? settings.databases : TRY(databases_meant(context, request, settings.present));
    if (databases.empty()) return place_in_working_folder(context);
    if (is_named(request.repository, settings.above)) {  // a backup from here used that one
        auto place = TRY(place_by(context, request, settings.above));
        if (place.is_there) return place;
    }
    auto place = place_of_databases(context, databases);
    const bool is_in_use = place && place->is_there;
    if (!is_in_use && TRY(is_for_working_folder(context, request, settings, databases))) place = place_in_working_folder(context);
    if (place) place->settings = unlocking_of(is_in_use && settings.is_wanted() ? settings.above : settings.present);
    return place;
}

// What is used is told as it is: whoever has no key for it learns of that now.
Result<void> tell_of_used(Context& context, const RepositoryPlace& place, InitReport& report) {
    const auto store = TRY(store::open_local_store(context.host, place.path, {}));
    const auto config = repository::read_config(*store);
    if (!config) return {};  // of another version: whoever opens it is told
    report.id = config->id.hex();
    report.encrypted = config->sealed;
    return {};
}

Result<void> make_it(Context& context, const InitRequest& request, const RepositoryPlace& place, InitReport& report) {
    const auto secret = TRY(secret_place(request.repository, place.settings));
    TRY(expect_sense(request, secret));
    TRY(expect_free(place));
    TRY(refuse_inside_repository(context, place.path));
    if (request.dry_run) {
        const bool makes_key = request.encrypt && !secret.key_file.empty() && !TRY(host::exists(context.host.files, secret.key_file));
        if (makes_key) report.key_file_made = secret.key_file;
        return {};
    }
    NewRepositoryPlan plan{.path = place.path, .unlock = {}, .group_access = request.group_access};
    if (request.encrypt) {
        if (TRY(make_key_file_if_missing(context, secret.key_file))) report.key_file_made = secret.key_file;
        plan.unlock = TRY(fetch_secret(context, secret, {.repository = place.path, .is_new = true}));
    }
    report.id = TRY(make_repository(context, plan)).id.hex();
    if (context.audit) context.audit->uses(report.id);
    return {};
}

}  // namespace

Result<InitReport> init(Context& context, const InitRequest& request) {
    auto settings = TRY(plan_new_settings(context, request));
    const auto place = TRY(place_of_init(context, request, settings));
    settings.unlock = place.settings;
    InitReport report{.repository = place.path, .id = {}, .encrypted = request.encrypt, .key_file_made = {}};
    report.dry_run = request.dry_run;
    report.repository_made = !(place.is_there && (settings.is_wanted() || settings.profile) && !request.encrypt && !request.group_access);
    if (report.repository_made) TRY(make_it(context, request, place, report));
    else TRY(tell_of_used(context, place, report));
    TRY(write_new_settings(context, request, settings, report));
    return report;
}

}  // namespace holdfast::operations
