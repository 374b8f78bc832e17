#include "holdfast/operations/find_settings.h"

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"

namespace holdfast::operations {

namespace {

constexpr std::uint32_t others_may_write = 0002, sticky = 01000;
constexpr std::string_view without = "--settings none goes without";

std::string named_settings(const SettingsRequest& request) {
    return request.file.empty() ? host::environment("HOLDFAST_SETTINGS").value_or("") : request.file;
}

bool is_ours(const host::FileStatus& status) { return status.owner == 0 || status.owner == host::user_id(); }

Result<void> expect_owner(const host::FileStatus& status, const std::string& path, const std::string& file) {
    if (is_ours(status)) return {};
    return fail(ErrorCode::denied, "read the settings {}: {} belongs to user {}, and settings run commands", printable(file), printable(path), status.owner)
        .with_advice(format("--settings {} when you trust that user; {}", shell_word(file), without));
}

// A file that anybody may write, or put another in the place of.
Result<void> expect_nobody_else_writes(Context& context, const std::string& file) {
    const auto real = TRY(context.host.files.canonical(file));
    for (const auto& path : {real, host::folder_of(real), host::folder_of(file)}) {
        const auto status = TRY(context.host.files.status(path));
        const bool is_folder = status.kind == host::FileKind::folder;
        if ((status.mode & others_may_write) == 0 || (is_folder && (status.mode & sticky) != 0)) continue;
        return fail(ErrorCode::denied, "read the settings {}: anybody may write {}, and settings run commands", printable(file),
                    is_folder ? "into " + printable(path) : "them")
            .with_advice(format("chmod o-w {}; {}", shell_word(path), without));
    }
    return {};
}

Result<void> expect_our_own(Context& context, const std::string& file) {
    const auto real = TRY(context.host.files.canonical(file));
    for (const auto& path : {file, real, host::folder_of(real), host::folder_of(file)}) {
        TRY(expect_owner(TRY(context.host.files.status_of_link(path)), path, file));
    }
    return {};
}

Result<SettingsPlace> named_place(Context& context, const std::string& name) {
    const std::string folder = TRY(host::canonical_or_future(context.host.files, host::folder_of(name)));
    return SettingsPlace{.file = host::join_path(folder, host::file_name_of(name)), .is_named = true};
}

Result<std::optional<SettingsPlace>> above_working_folder(Context& context) {
    const auto start = context.host.files.canonical(host::working_folder());
    if (!start) return std::optional<SettingsPlace>();  // it has been removed
    for (std::string folder = *start;; folder = host::folder_of(folder)) {
        const auto file = host::join_path(folder, settings_file_name);
        const auto status = context.host.files.status(file);
        if (status && status->kind == host::FileKind::regular) {
            TRY(expect_our_own(context, file));
            return std::optional(SettingsPlace{.file = file, .is_named = false});
        }
        // A folder that may not be entered has settings for others.
        const bool may_go_on = status || status.error().code() == ErrorCode::not_found || status.error().code() == ErrorCode::denied;
        if (!may_go_on) return status.error().copy().with_advice(std::string(without));
        if (folder == "/" || folder == ".") return std::optional<SettingsPlace>();
    }
}

}  // namespace

bool is_without_settings(const SettingsRequest& request) { return named_settings(request) == "none"; }

Result<std::optional<SettingsPlace>> find_settings(Context& context, const SettingsRequest& request) {
    const auto name = named_settings(request);
    if (is_without_settings(request)) return std::optional<SettingsPlace>();
    auto place = name.empty() ? TRY(above_working_folder(context)) : std::optional(TRY(named_place(context, name)));
    if (place && TRY(host::exists(context.host.files, place->file))) TRY(expect_nobody_else_writes(context, place->file));
    return place;
}

}  // namespace holdfast::operations
