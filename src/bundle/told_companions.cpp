#include "holdfast/bundle/told_companions.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

// As tar has the names of folders.
std::string without_slash(std::string name) {
    while (name.size() > 1 && name.ends_with('/')) name.pop_back();
    return name;
}

Error differs(const std::string& member, std::string_view what) {
    return fail(ErrorCode::corrupt, "open the bundle: {}: {}", printable(member), what).with_advice("it was changed or damaged since it was made; another bundle");
}

}  // namespace

Result<ToldCompanions> ToldCompanions::in(const Json& metadata) {
    ToldCompanions told;
    if (metadata.find("holdfast_bundle") == nullptr) return told;
    told.companions_ = TRY(companions_in(metadata));
    for (std::size_t i = 0; i < told.companions_.size(); ++i) {
        const auto& companion = told.companions_[i];
        for (std::size_t at = 0; at < companion.things.size(); ++at) told.waiting_.emplace(companion.member_of(companion.things[at]), Place{.companion = i, .thing = at});
    }
    return told;
}

bool ToldCompanions::has(const std::string& member) const {
    const std::string name = without_slash(member);
    return std::ranges::any_of(companions_, [&](const auto& companion) { return name == companion.member || name.starts_with(companion.member + "/"); });
}

Result<ToldCompanions::Place> ToldCompanions::meet(const TarMember& member) {
    const auto found = waiting_.find(without_slash(member.name));
    if (found == waiting_.end()) return differs(member.name, "its metadata.json does not tell of it, or it comes twice");
    const Place place = found->second;
    const auto kind = at(place).kind;
    const bool is_it = kind == TarKind::folder ? member.is_folder : kind == TarKind::link ? member.is_link && member.link_target == at(place).link_target : member.is_file;
    if (!is_it) return differs(member.name, "it is not what its metadata.json tells");
    waiting_.erase(found);
    return place;
}

Result<void> ToldCompanions::expect_all_met() const {
    if (waiting_.empty()) return {};
    return differs(waiting_.begin()->first, "its metadata.json tells of it, and it is not there");
}

}  // namespace holdfast::bundle
