#include "holdfast/operations/redacted_file.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/redact_strictly.h"
#include "holdfast/bundle/secret_file.h"
#include "holdfast/live/settled_file.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t size_max = 4 * 1024 * 1024;
constexpr std::size_t key_size_max = 200;

std::string in_words(const bundle::RemovedSecret& one) {
    if (one.key.empty()) return format("line {}: {}", one.line, bundle::name_of(one.sign));
    return printable(std::string_view(one.key).substr(0, key_size_max));
}

}  // namespace

Result<RedactedFile> redacted_file(Context& context, const std::string& path, const host::FileStatus& seen) {
    if (seen.size > size_max) {
        return fail(ErrorCode::invalid, "redact {}: it has {}, more than settings have", printable(path), human_bytes(seen.size)).with_advice("exclude it, or a companion of its own with keep = \"as-is\"");
    }
    const auto file = TRY(live::SettledFile::open(context.host.files, path, seen));
    Bytes bytes(static_cast<std::size_t>(file.size()));
    TRY(file.read(0, bytes));
    if (!TRY(file.is_as_it_was())) return fail(ErrorCode::busy, "redact {}: it changed while it was read", printable(path)).with_advice("try again");
    const auto text = text_of(bytes);
    if (text.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::invalid, "redact {}: it is not a text, so no secret can be seen in it", printable(path)).with_advice("exclude it, or a companion of its own with keep = \"as-is\"");
    }
    const bool is_secret = bundle::is_secret_file(std::string_view(path).substr(path.rfind('/') + 1));
    auto redacted = is_secret ? bundle::redact_all_lines(text) : bundle::redact_strictly(text);
    RedactedFile result{.text = std::move(redacted.text), .removed = {}, .had_secrets = false};
    result.had_secrets = result.text != text;
    for (const auto& one : redacted.removed) result.removed.push_back(in_words(one));
    return result;
}

bool holds_secrets(Context& context, const std::string& path) {
    const auto status = context.host.files.status_of_link(path);
    if (!status) return status.error().code() != ErrorCode::not_found;
    if (status->kind != host::FileKind::regular) return false;
    const auto redacted = redacted_file(context, path, *status);
    return !redacted || redacted->had_secrets;
}

}  // namespace holdfast::operations
