#include "holdfast/operations/init.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/new_settings.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/unlock.h"

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
    return fail(ErrorCode::exists, "make a repository in {}: there is one already", printable(place.path))
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

// Nothing names one: in the working folder, also when there is another above, where settings that are to be written will name
// it. Else where a backup of the databases finds it.
Result<RepositoryPlace> new_place(Context& context, const InitRequest& request, const NewSettings& settings) {
    RepositoryRequest where = request.repository;
    where.settings.loaded = std::make_shared<LoadedSettings>(settings.present);
    where.repository = named_repository(request.repository);
    if (where.repository.empty() && settings.present.settings.repository.path.empty()) {
        where.repository = default_repository_name;
        const auto databases = settings.is_wanted() ? std::vector<std::string>() : TRY(databases_meant(context, request, settings.present));
        if (!databases.empty()) where.repository = TRY(default_place_for(context, databases)).path;
    }
    return find_repository(context, where, {});
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
    const auto settings = TRY(plan_new_settings(context, request));
    const auto place = TRY(new_place(context, request, settings));
    InitReport report{.repository = place.path, .id = {}, .encrypted = request.encrypt, .key_file_made = {}};
    report.dry_run = request.dry_run;
    report.repository_made = !(place.is_there && (settings.is_wanted() || settings.profile) && !request.encrypt && !request.group_access);
    if (report.repository_made) TRY(make_it(context, request, place, report));
    TRY(write_new_settings(context, request, settings, report));
    return report;
}

}  // namespace holdfast::operations
