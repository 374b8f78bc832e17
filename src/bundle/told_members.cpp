#include "holdfast/bundle/told_members.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/json_bytes.h"

namespace holdfast::bundle {
namespace {

Error damaged(std::string_view what) {
    return fail(ErrorCode::corrupt, "open the bundle: {}", what).with_advice("it was changed or damaged since it was made; another bundle");
}

const Json::Array* list_at(const Json& object, std::string_view key) {
    const Json* const value = object.find(key);
    return value != nullptr ? value->as_array() : nullptr;
}

Result<ToldMembers::Member> member_in(const Json& json) {
    const Json* const size = json.find("size");
    const auto bytes = size != nullptr ? size->as_integer() : Result<std::int64_t>(damaged("no size"));
    const auto hash = Hash::from_hex(bytes_at(json, "sha256").value_or(""));
    if (!bytes || *bytes < 0 || !hash) return damaged("its metadata.json tells of a member without its size or SHA-256");
    return ToldMembers::Member{.size = static_cast<std::uint64_t>(*bytes), .sha256 = *hash};
}

}  // namespace

Result<std::optional<ToldMembers>> ToldMembers::in(const Json& metadata) {
    if (metadata.find("holdfast_bundle") == nullptr) return std::optional<ToldMembers>();
    ToldMembers told;
    const auto* const members = list_at(metadata, "members");
    const auto* const databases = list_at(metadata, "databases");
    if (members == nullptr || databases == nullptr) return damaged("its metadata.json does not list what is in it");
    for (const auto& json : *members) {
        if (!told.told_.emplace(bytes_at(json, "name").value_or(""), TRY(member_in(json))).second) return damaged("its metadata.json tells of a member twice");
    }
    for (const auto& json : *databases) {
        const auto at = told.told_.find(bytes_at(json, "member").value_or(""));
        const auto database = TRY(member_in(json));
        if (at == told.told_.end() || at->second.sha256 != database.sha256) return damaged("its metadata.json lists another database than it tells of");
    }
    return std::optional(std::move(told));
}

Result<void> ToldMembers::expect_just(const Came& came) const {
    auto waiting = told_;
    for (const auto& [name, member] : came) {
        const auto told = waiting.find(name);
        if (told == waiting.end()) return damaged(format("{}: its metadata.json does not tell of it, or it comes twice", printable(name)));
        if (told->second.size != member.size || told->second.sha256 != member.sha256) {
            return damaged(format("the size or SHA-256 of {} is not the one its metadata tells", printable(name)));
        }
        waiting.erase(told);
    }
    if (waiting.empty()) return {};
    return damaged(format("{}: its metadata.json tells of it, and it is not there", printable(waiting.begin()->first)));
}

}  // namespace holdfast::bundle
