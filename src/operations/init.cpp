#include "holdfast/operations/init.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/make_repository.h"
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
    return fail(ErrorCode::invalid, "make a repository: a password or key is given{}, but not --encrypt",
                secret.is_by_flag ? "" : " in the environment")
        .with_advice(secret.is_by_flag ? "add --encrypt to seal everything" : "add --encrypt to seal everything, or unset HOLDFAST_KEY_FILE, HOLDFAST_PASSWORD_FILE and HOLDFAST_PASSWORD_COMMAND");
}

Result<void> expect_free(const RepositoryPlace& place) {
    if (!place.is_there) return {};
    return fail(ErrorCode::exists, "make a repository in {}: there is one already", printable(place.path))
        .with_advice(format("holdfast status -r {}", shell_word(place.path)));
}

// Nothing names one: in the working folder, also when there is another above.
Result<RepositoryPlace> new_place(Context& context, const RepositoryRequest& request) {
    RepositoryRequest where;
    where.repository = named_repository(request);
    if (where.repository.empty()) where.repository = default_repository_name;
    return find_repository(context, where, {});
}

}  // namespace

Result<InitReport> init(Context& context, const InitRequest& request) {
    const auto secret = TRY(secret_place(request.repository));
    TRY(expect_sense(request, secret));
    const auto place = TRY(new_place(context, request.repository));
    TRY(expect_free(place));
    TRY(refuse_inside_repository(context, place.path));

    InitReport report{.repository = place.path, .id = {}, .encrypted = request.encrypt, .key_file_made = {}};
    NewRepositoryPlan plan{.path = place.path, .unlock = {}, .group_access = request.group_access};
    if (request.encrypt) {
        if (TRY(make_key_file_if_missing(context, secret.key_file))) report.key_file_made = secret.key_file;
        plan.unlock = TRY(fetch_secret(context, secret, {.repository = place.path, .is_new = true}));
    }
    report.id = TRY(make_repository(context, plan)).id.hex();
    return report;
}

}  // namespace holdfast::operations
