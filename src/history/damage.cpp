#include "holdfast/history/damage.h"

#include <algorithm>

#include "holdfast/sqlite/page_owners.h"

namespace holdfast::history {

std::vector<std::string> tables_in(const sqlite::Image& image, const ByteRange& range) {
    if (range.size == 0 || range.offset >= image.size()) return {};
    const std::uint64_t page = image.page_size().bytes();
    const std::uint64_t first = range.offset / page + 1;
    const std::uint64_t last = (std::min(range.offset + range.size, image.size()) - 1) / page + 1;
    std::vector<sqlite::PageNumber> wanted;
    for (std::uint64_t number = first; number <= last && wanted.size() < pages_asked_max; ++number) {
        wanted.push_back({static_cast<std::uint32_t>(number)});
    }
    const auto owned = sqlite::owners_of(image, wanted);
    if (!owned) return {};
    std::vector<std::string> tables;
    for (const auto& pages : *owned) {
        if (!pages.owner.empty() && !pages.pages.empty()) tables.push_back(pages.owner);
    }
    std::ranges::sort(tables);
    tables.erase(std::ranges::unique(tables).begin(), tables.end());
    return tables;
}

}  // namespace holdfast::history
