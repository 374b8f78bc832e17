#include "holdfast/sqlite/page_owners.h"

#include <algorithm>
#include <map>
#include <ranges>

#include "holdfast/base/wire.h"
#include "holdfast/sqlite/btree_reader.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t trunk_header_size = 8;  // the next trunk page, the number of free pages it names
constexpr int children_tried_max = 8;         // to learn whether a page's children are leaves

// The wanted pages, each with the first owner that claimed it.
class Claims {
public:
    explicit Claims(const std::vector<PageNumber>& wanted) {
        for (const PageNumber page : wanted) owner_of_.emplace(page.value, nobody);
        unclaimed_ = owner_of_.size();
    }
    std::size_t add_owner(OwnerKind kind, std::string name) {
        owners_.push_back({kind, std::move(name), {}});
        return owners_.size() - 1;
    }
    void claim(PageNumber page, std::size_t owner) {
        const auto found = owner_of_.find(page.value);
        if (found == owner_of_.end() || found->second != nobody) return;
        found->second = owner;
        --unclaimed_;
    }
    bool is_complete() const { return unclaimed_ == 0; }
    template <typename Visit>
    void for_each_wanted(Visit visit) const {
        for (const auto& [page, owner] : owner_of_) visit(PageNumber{page});
    }
    std::vector<OwnedPages> take() && {
        const std::size_t unknown = add_owner(OwnerKind::unknown, "");
        for (const auto& [page, owner] : owner_of_) {
            owners_[owner == nobody ? unknown : owner].pages.push_back(PageNumber{page});
        }
        std::erase_if(owners_, [](const OwnedPages& owned) { return owned.pages.empty(); });
        return std::move(owners_);
    }

private:
    static constexpr std::size_t nobody = ~std::size_t{0};
    std::map<std::uint32_t, std::size_t> owner_of_;
    std::vector<OwnedPages> owners_;
    std::size_t unclaimed_ = 0;
};

class Seen {
public:
    explicit Seen(PageNumber last) : seen_(std::size_t{last.value} + 1) {}
    // False for pages that were seen before or lie outside the image.
    bool is_new(PageNumber page) {
        if (page.value >= seen_.size() || seen_[page.value]) return false;
        seen_[page.value] = true;
        return true;
    }

private:
    std::vector<bool> seen_;
};

class OwnerWalk {
public:
    OwnerWalk(const BtreeReader& reader, Claims& claims) : reader_(reader), claims_(claims) {}

    // All leaves of a tree lie at one depth, so the children of a page are leaves if the first readable one is.
    Result<void> inner_pages(PageNumber root, std::size_t owner, Seen& seen) {
        claims_.claim(root, owner);
        std::vector<PageNumber> to_visit;
        if (seen.is_new(root)) to_visit.push_back(root);
        while (!to_visit.empty() && !claims_.is_complete()) {
            const auto children = TRY(children_of(to_visit.back()));
            to_visit.pop_back();
            for (const PageNumber child : children) claims_.claim(child, owner);
            if (TRY(are_leaves(children))) continue;
            std::ranges::copy_if(children, std::back_inserter(to_visit), [&](PageNumber child) { return seen.is_new(child); });
        }
        return {};
    }

    Result<void> overflow_pages(PageNumber root, std::size_t owner, Seen& seen) {
        std::vector<PageNumber> to_visit;
        if (seen.is_new(root)) to_visit.push_back(root);
        while (!to_visit.empty() && !claims_.is_complete()) {
            const PageNumber number = to_visit.back();
            to_visit.pop_back();
            const auto bytes = TRY(reader_.page(number));
            const auto page = bytes ? BtreePage::parse(*bytes, number, reader_.usable_size()) : std::nullopt;
            if (!page) continue;
            TRY(claim_overflow(*page, owner, seen));
            std::ranges::copy_if(page->children(), std::back_inserter(to_visit),
                                 [&](PageNumber child) { return seen.is_new(child); });
        }
        return {};
    }

    Result<void> free_pages(Seen& seen) {
        const std::size_t owner = claims_.add_owner(OwnerKind::free, "");
        PageNumber trunk = reader_.first_free_trunk();
        while (seen.is_new(trunk) && trunk.value != 0 && !claims_.is_complete()) {
            claims_.claim(trunk, owner);
            const auto bytes = TRY(reader_.page(trunk));
            if (!bytes) return {};
            const auto word = [&](std::size_t i) -> std::uint32_t { return load<BigEndian<std::uint32_t>>(ByteView(*bytes).subspan(4 * i)); };
            const std::size_t count = std::min<std::size_t>(word(1), (reader_.usable_size() - trunk_header_size) / 4);
            for (std::size_t i = 0; i < count; ++i) claims_.claim(PageNumber{word(2 + i)}, owner);
            trunk = PageNumber{word(0)};
        }
        return {};
    }

    // Known by their numbers alone.
    void fixed_pages() {
        const PageSize size = reader_.image().page_size();
        const std::size_t lock = claims_.add_owner(OwnerKind::lock, "");
        claims_.claim(lock_page(size), lock);
        if (reader_.header().largest_root_page == 0) return;
        const std::size_t map = claims_.add_owner(OwnerKind::pointer_map, "");
        claims_.for_each_wanted([&](PageNumber page) {
            if (is_pointer_map(reader_.header(), page)) claims_.claim(page, map);
        });
    }

private:
    Result<std::vector<PageNumber>> children_of(PageNumber number) const {
        const auto bytes = TRY(reader_.page(number));
        const auto page = bytes ? BtreePage::parse(*bytes, number, reader_.usable_size()) : std::nullopt;
        return page ? page->children() : std::vector<PageNumber>();
    }
    Result<bool> are_leaves(const std::vector<PageNumber>& children) const {
        for (const PageNumber child : children | std::views::take(children_tried_max)) {
            const auto bytes = TRY(reader_.page(child));
            const auto page = bytes ? BtreePage::parse(*bytes, child, reader_.usable_size()) : std::nullopt;
            if (page) return page->is_leaf();
        }
        return true;
    }
    Result<void> claim_overflow(const BtreePage& page, std::size_t owner, Seen& seen) {
        for (std::size_t i = 0; i < page.cell_count() && !claims_.is_complete(); ++i) {
            const auto cell = page.cell(i);
            if (!cell) continue;
            const auto enter = [&](PageNumber number) {
                claims_.claim(number, owner);
                return seen.is_new(number);
            };
            TRY(reader_.follow_overflow(*cell, {.enter = enter}));
        }
        return {};
    }

    const BtreeReader& reader_;
    Claims& claims_;
};

struct Tree {
    PageNumber root;
    std::size_t owner;
};

Result<void> search(const BtreeReader& reader, Claims& claims, OverflowSearch overflow) {
    OwnerWalk walk(reader, claims);
    walk.fixed_pages();
    std::vector<Tree> trees;
    for (auto& [is_index, name, root] : TRY(reader.schema_roots())) {
        trees.push_back({root, claims.add_owner(is_index ? OwnerKind::index : OwnerKind::table, std::move(name))});
    }
    Seen seen(reader.image().last_page());
    for (const Tree& tree : trees) TRY(walk.inner_pages(tree.root, tree.owner, seen));
    TRY(walk.free_pages(seen));
    if (overflow == OverflowSearch::skip || claims.is_complete()) return {};
    Seen seen_whole(reader.image().last_page());
    for (const Tree& tree : trees) TRY(walk.overflow_pages(tree.root, tree.owner, seen_whole));
    return {};
}

}  // namespace

bool is_pointer_map(const DatabaseHeader& header, PageNumber page) {
    if (header.largest_root_page == 0 || page.value < 2) return false;
    const std::uint32_t pages_of_a_map = (header.page_size.bytes() - header.reserved_bytes) / 5 + 1;
    PageNumber map{(page.value - 2) / pages_of_a_map * pages_of_a_map + 2};
    if (map == lock_page(header.page_size)) ++map.value;
    return page == map;
}

Result<std::vector<OwnedPages>> owners_of(const Image& image, const std::vector<PageNumber>& wanted,
                                          OverflowSearch overflow) {
    std::vector<PageNumber> inside = wanted;
    std::erase_if(inside, [&](PageNumber page) { return page.value == 0 || page > image.last_page(); });
    Claims claims(inside);
    const auto reader = TRY(BtreeReader::over(image));
    if (reader) TRY(search(*reader, claims, overflow));
    return std::move(claims).take();
}

}  // namespace holdfast::sqlite
