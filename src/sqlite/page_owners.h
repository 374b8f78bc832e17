// Which table or index owns a page: for telling damage in the user's words.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

struct OwnedPages {
    std::string owner;  // table or index name; "" for pages that nothing reachable owns
    std::vector<PageNumber> pages;
};
// Owners of the wanted pages, by walking the b-trees of every schema object over interior pages only (and overflow
// chains when asked). Damaged pages are passed over: what hangs below them stays without owner. Bounded by the number
// of pages, whatever the bytes say.
Result<std::vector<OwnedPages>> owners_of(const Image& image, const std::vector<PageNumber>& wanted);

}  // namespace holdfast::sqlite
