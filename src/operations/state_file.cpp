#include "holdfast/operations/state_file.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t size_max = 1024 * 1024;

}  // namespace

Result<void> keep_state(Context& context, const std::string& path, const Json& json) {
    TRY(host::make_folders_durably(context.host.files, host::folder_of(path), 0700));
    const std::string text = json.to_text(2) + "\n";
    return host::replace_atomically(context.host.files, path, bytes_of(text), 0600);
}

Result<std::optional<Json>> read_state(Context& context, const std::string& path, std::string_view advice) {
    if (!TRY(host::exists(context.host.files, path))) return std::optional<Json>();
    const Bytes bytes = TRY(host::read_file(context.host.files, path, size_max));
    auto json = Json::parse(text_of(bytes));
    if (json && json->as_object()) return std::optional(std::move(*json));
    return fail(ErrorCode::corrupt, "read {}: it is not what holdfast wrote", printable(path)).with_advice(std::string(advice));
}

std::string text_in_state(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto* text = value ? value->as_text() : nullptr;
    return text ? *text : std::string();
}

std::optional<Timestamp> time_in_state(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    const auto nanoseconds = value ? value->as_integer() : Result<std::int64_t>(0);
    return nanoseconds && *nanoseconds != 0 ? std::optional(Timestamp{*nanoseconds}) : std::nullopt;
}

}  // namespace holdfast::operations
