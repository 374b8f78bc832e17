#include "holdfast/bundle/closing_tags.h"

#include <algorithm>

#include "holdfast/bundle/setting_names.h"

namespace holdfast::bundle {

ClosingTags::ClosingTags(const std::vector<std::string_view>& lines) {
    for (std::size_t number = 0; number < lines.size(); ++number) {
        for (auto at = lines[number].find("</"); at != std::string_view::npos; at = lines[number].find("</", at + 2)) {
            const auto named = next_named(lines[number].substr(0, lines[number].find('>', at)), at);
            if (named.start == at + 2) places_[named.name].emplace_back(number, at);
        }
    }
}

std::optional<ClosingTags::Place> ClosingTags::next(const std::string& name, const Place& from) const {
    const auto found = places_.find(name);
    if (found == places_.end()) return std::nullopt;
    const auto place = std::ranges::lower_bound(found->second, from);
    return place == found->second.end() ? std::nullopt : std::optional(*place);
}

}  // namespace holdfast::bundle
