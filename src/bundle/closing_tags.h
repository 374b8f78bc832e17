// ClosingTags: where the elements of XML and its like end.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::bundle {

class ClosingTags {
public:
    using Place = std::pair<std::size_t, std::size_t>;  // a line, and where in it </name> begins

    explicit ClosingTags(const std::vector<std::string_view>& lines);

    // The next one of that name behind there; none: it is never closed.
    std::optional<Place> next(const std::string& name, const Place& from) const;

private:
    std::map<std::string, std::vector<Place>, std::less<>> places_;  // in order
};

}  // namespace holdfast::bundle
