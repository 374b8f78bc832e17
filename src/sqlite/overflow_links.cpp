#include "holdfast/sqlite/overflow_links.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint32_t pointer_size = 4;

PageNumber first_number(ByteView page) { return page.size() < pointer_size ? PageNumber{} : PageNumber{load<BigEndian<std::uint32_t>>(page)}; }

}  // namespace

OverflowChain overflow_of(const BtreeCell& cell, std::uint32_t usable_size) {
    if (cell.overflow.value == 0) return {};
    const std::uint64_t per_page = usable_size - pointer_size;
    return {.first = cell.overflow, .pages = static_cast<std::uint32_t>((cell.payload_size - cell.local.size() + per_page - 1) / per_page)};
}

std::optional<OverflowLinks::Link> OverflowLinks::link_of(PageNumber page, ByteView before, ByteView after) {
    if (begins_as_btree(before) && begins_as_btree(after)) return std::nullopt;
    return Link{.page = page, .before = first_number(before), .after = first_number(after)};
}

Result<PageNumber> OverflowLinks::next_of(PageNumber page, const TreeReader& reader, Version version) const {
    const auto link = std::ranges::lower_bound(links_, page, {}, &Link::page);
    if (link != links_.end() && link->page == page) return version == Version::before ? link->before : link->after;
    return first_number(*TRY(reader.page(page)));
}

Result<void> OverflowLinks::follow(const OverflowChain& chain, const TreeReader& reader, Version version, const std::function<bool(PageNumber)>& visit) const {
    PageNumber page = chain.first;
    for (std::uint32_t done = 0; done < chain.pages; ++done) {
        if (page.value == 0 || page > reader.image().last_page()) return fail(ErrorCode::corrupt, "page {}: a row that goes on in overflow pages ends too early", page.value);
        if (!visit(page)) return {};
        if (done + 1 < chain.pages) page = TRY(next_of(page, reader, version));
    }
    return {};
}

}  // namespace holdfast::sqlite
