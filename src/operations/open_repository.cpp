#include "holdfast/operations/open_repository.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/unlock.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

std::string_view name_of(const SecretPlace& place) {
    if (!place.key_file.empty()) return "key file";
    if (!place.password_file.empty()) return "password file";
    return place.password_command.empty() ? "typed password" : "password command";
}

class OpenedFolder final : public OpenRepository {
public:
    OpenedFolder(RepositoryPlace place, bool was_created, const OpenHow& how)
        : place_(std::move(place)), was_created_(was_created), has_cache_(!how.without_cache), pool_({.threads = 0, .low_priority = how.low_priority}) {}

    Result<void> open(Context& context, const SecretPlace& secret) {
        store_ = TRY(store::open_local_store(context.host, place_.path, {}));
        const auto config = TRY(repository::read_config(*store_));
        if (context.audit) context.audit->uses(config.id.hex());
        store_ = TRY(store::open_local_store(context.host, place_.path, store_options(config)));
        repository::RepositoryOptions options;
        // A secret of the environment may be meant for another repository; one given by flag is refused below.
        if (config.sealed || secret.is_by_flag) {
            options.unlock = TRY(fetch_secret(context, secret, {.repository = place_.path}));
        }
        if (has_cache_) options.cache_folder = host::cache_folder();
        options.pool = &pool_;
        if (context.audit) options.audit_head = context.audit->head(context.host, config.id.hex());
        auto opened = repository::Repository::open(*store_, context.host, std::move(options));
        const bool is_key_used = config.sealed && (opened || opened.error().code() == ErrorCode::denied);
        if (is_key_used) tell_unlocking(context, {.repository = config.id.hex(), .by = name_of(secret), .failure = opened ? nullptr : &opened.error()});
        repository_ = TRY(std::move(opened));
        return {};
    }

    repository::Repository& get() override { return *repository_; }
    host::WorkerPool& pool() override { return pool_; }
    const std::string& path() const override { return place_.path; }
    bool was_created() const override { return was_created_; }
    bool is_default() const override { return place_.is_default; }

private:
    RepositoryPlace place_;
    bool was_created_;
    bool has_cache_;
    host::WorkerPool pool_;
    std::unique_ptr<store::ObjectStore> store_;
    std::unique_ptr<repository::Repository> repository_;  // leans on all of the above
};

// Nobody named a repository: one is made beside the database. Whoever has a secret at hand wants it sealed, and has to
// say so.
Result<void> make_default(Context& context, const RepositoryPlace& place, const SecretPlace& secret) {
    if (secret.is_any()) {
        return fail(ErrorCode::invalid, "back up into {}: there is no repository yet, and one made just so would not be sealed",
                    printable(place.path))
            .with_advice(format("holdfast init --encrypt -r {}, with the same password or key", shell_word(place.path)));
    }
    auto made = make_repository(context, {.path = place.path, .unlock = {}});
    // Somebody else was quicker: it is as good.
    if (!made && made.error().code() == ErrorCode::exists) {
        RepositoryRequest again;
        again.repository = place.path;
        if (TRY(find_repository(context, again, {})).is_there) return {};
    }
    if (!made) return std::move(made).error();
    return {};
}

// What is no repository, and can never be made one.
Result<void> expect_folder_outside(Context& context, const std::string& path) {
    const auto status = TRY(host::status_if_any(context.host.files, path));
    if (status && status->kind != host::FileKind::folder) {
        return fail(ErrorCode::invalid, "open repository {}: it is a file; a repository is a folder", printable(path))
            .with_advice("-r with the folder that holds the backups");
    }
    for (const char* objects : {"snapshots", "packs"}) {
        if (!TRY(host::exists(context.host.files, host::join_path(path, objects)))) continue;
        return fail(ErrorCode::corrupt, "open repository {}: it has lost both its config and its config.copy", printable(path))
            .with_advice("put either back from any copy of this repository, of whatever age; do not make a new one in its place");
    }
    const auto inside = refuse_inside_repository(context, path);
    if (inside) return {};
    return fail(ErrorCode::not_found, "open repository {}: it is a part of one", printable(path)).with_advice("-r with the folder above");
}

}  // namespace

Result<std::unique_ptr<OpenRepository>> open_repository(Context& context, const RepositoryRequest& request,
                                                        const OpenHow& how) {
    const auto place = TRY(find_repository(context, request, how));
    const auto secret = TRY(secret_place(request, place.settings));
    const bool create = !place.is_there && place.is_default && how.create_default;
    if (create) {
        TRY(make_default(context, place, secret));
    } else if (!place.is_there) {
        TRY(expect_folder_outside(context, place.path));
        return fail(ErrorCode::not_found, "open repository {}: there is none", printable(place.path))
            .with_advice(format("holdfast init -r {}", shell_word(place.path)));
    }
    auto opened = std::make_unique<OpenedFolder>(place, create, how);
    TRY(opened->open(context, secret));
    return std::unique_ptr<OpenRepository>(std::move(opened));
}

}  // namespace holdfast::operations
