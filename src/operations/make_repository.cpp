#include "holdfast/operations/make_repository.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/repository.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view ignore_name = ".gitignore";

// What a making that was cut short leaves before there is a config; anything else is somebody's.
bool is_leftover(const std::string& name) {
    return name == ignore_name || name == "tmp" || name == "keys" || name.starts_with("." + std::string(ignore_name));
}

Result<void> make_folder(Context& context, const std::string& path, const store::LocalStoreOptions& options) {
    auto made = store::create_local_folder(context.host, path, options);
    if (made || made.error().code() != ErrorCode::exists) return made;
    const auto names = context.host.files.list(path);
    if (names && std::ranges::all_of(*names, is_leftover)) return {};
    return std::move(made).error().with_advice("choose another folder with -r; an empty one is fine");
}

}  // namespace

store::LocalStoreOptions store_options(const repository::Config& config) {
    // A config comes from outside: whatever it says, others than owner and group get nothing.
    return {.file_mode = (config.file_mode & 0060) | 0600, .folder_mode = (config.folder_mode & 0070) | 0700};
}

Result<repository::Config> make_repository(Context& context, const NewRepositoryPlan& plan) {
    store::LocalStoreOptions options;
    if (plan.group_access) options = {.file_mode = 0660, .folder_mode = 0770};
    TRY(make_folder(context, plan.path, options));
    TRY(host::replace_atomically(context.host.files, host::join_path(plan.path, ignore_name), bytes_of("*\n"), options.file_mode));
    const auto store = TRY(store::open_local_store(context.host, plan.path, options));
    return repository::Repository::create(*store, context.host, plan.unlock,
                                          {.file_mode = options.file_mode, .folder_mode = options.folder_mode, .cost = {}});
}

}  // namespace holdfast::operations
