#include "holdfast/operations/target_database.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

Result<std::uint32_t> parse_application_id(const std::string& text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const char* first = text.data() + (is_hex ? 2 : 0);
    const char* last = text.data() + text.size();
    std::int64_t value = 0;
    const auto read = std::from_chars(first, last, value, is_hex ? 16 : 10);
    const bool is_number = read.ec == std::errc() && read.ptr == last && first != last;
    if (!is_number || value < INT32_MIN || value > UINT32_MAX) {
        return fail(ErrorCode::invalid, "read the application id '{}': it is no number of 32 bits", printable(text)).with_advice("0x4d504258, or 1297105496");
    }
    return static_cast<std::uint32_t>(value);
}

}  // namespace

Result<std::optional<sqlite::DatabaseHeader>> header_of_target(Context& context, const std::string& path) {
    std::optional<sqlite::DatabaseHeader> header;
    TRY(live::with_frozen(context.host, path, freeze_options(context),
                          {.use = [&](const sqlite::Image&, const live::FreezeFacts& facts) -> Result<void> {
                               header = facts.header;
                               return {};
                           }}));
    return header;
}

Result<std::string> target_database(Context& context, const TargetRequest& request) {
    const auto path = TRY(canonical_database(context, request.database));
    TRY(refuse_inside_repository(context, path));
    const auto header = TRY(header_of_target(context, path));
    if (request.application_id.empty()) return path;
    const auto wanted = TRY(parse_application_id(request.application_id));
    const std::uint32_t there = header ? header->application_id : 0;
    if (there == wanted) return path;
    return fail(ErrorCode::invalid, "use {}: its application_id is {:#x}, not {:#x}", printable(path), there, wanted)
        .with_advice("is it the database that you mean?");
}

Result<std::string> target_with_content(Context& context, const TargetRequest& request) {
    const auto path = TRY(target_database(context, request));
    if (TRY(header_of_target(context, path))) return path;
    return fail(ErrorCode::invalid, "use {}: it is empty: no database yet", printable(path)).with_advice("is it the database that you mean?");
}

std::int64_t lock_wait_ms(std::uint64_t wait_s) {
    constexpr std::uint64_t wait_s_max = 1'000'000;
    return static_cast<std::int64_t>(std::min(wait_s, wait_s_max)) * 1000;
}

}  // namespace holdfast::operations
