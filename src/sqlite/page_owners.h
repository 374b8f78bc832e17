// owners_of(): which table or index owns a page, for telling damage in the user's words.
#pragma once

#include <string>
#include <vector>

#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

enum class OwnerKind {
    table,        // sqlite_schema is one too
    index,
    free,         // on the list of free pages: its content means nothing
    pointer_map,  // auto_vacuum's own: can be made again
    lock,         // never used
    unknown,      // nothing that can be reached owns it
};

// With auto_vacuum every so many pages begin with one that tells whose they are.
bool is_pointer_map(const DatabaseHeader& header, PageNumber page);

struct OwnedPages {
    OwnerKind kind = OwnerKind::unknown;
    std::string owner;              // the table's or index's name; "" for the other kinds
    std::vector<PageNumber> pages;  // ascending
};

// Pages of b-trees and free pages are found by reading inner pages only. Whether the rest are overflow pages of long
// rows takes a reading of everything.
enum class OverflowSearch { skip, full };

// Owners of the wanted pages: each wanted page of the image once. Walks the b-trees of every schema object; damaged
// pages are passed over, and what hangs below them stays unknown, unless it is found otherwise. Whatever the bytes say,
// no page is walked twice. Fails only where the image fails by something other than `corrupt`.
Result<std::vector<OwnedPages>> owners_of(const Image& image, const std::vector<PageNumber>& wanted,
                                          OverflowSearch overflow = OverflowSearch::full);

}  // namespace holdfast::sqlite
