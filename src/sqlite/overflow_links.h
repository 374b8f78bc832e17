// OverflowLinks: which overflow page follows which, in two versions of a database, noted while pages are read for something else.
#pragma once

#include <functional>
#include <vector>

#include "holdfast/sqlite/tree_reader.h"

namespace holdfast::sqlite {

enum class Version : std::uint8_t { before, after };

// The overflow pages of one entry: the first, and how many.
struct OverflowChain {
    PageNumber first;
    std::uint32_t pages = 0;  // 0: it has none
};
// What its cell says.
OverflowChain overflow_of(const BtreeCell& cell, std::uint32_t usable_size);

class OverflowLinks {
public:
    struct Link {
        PageNumber page;
        PageNumber before, after;  // what follows it in either version
    };
    // Pages that do not begin as pages of b-trees do may be overflow pages. Empty: that version has no such page.
    static std::optional<Link> link_of(PageNumber page, ByteView before, ByteView after);
    // In ascending order of pages.
    void add(const Link& link) { links_.push_back(link); }
    // Visits the chain's pages until `visit` says false. Pages that were not noted are read. `corrupt`: it ends too early.
    Result<void> follow(const OverflowChain& chain, const TreeReader& reader, Version version, const std::function<bool(PageNumber)>& visit) const;

private:
    Result<PageNumber> next_of(PageNumber page, const TreeReader& reader, Version version) const;
    std::vector<Link> links_;
};

}  // namespace holdfast::sqlite
