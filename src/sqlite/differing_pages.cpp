#include "holdfast/sqlite/differing_pages.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

// Ranges of which hashes are asked: a subtree of a kept image, then its extents.
constexpr std::uint64_t wide_bytes = 16 * 1024 * 1024;
constexpr std::uint64_t narrow_bytes = 64 * 1024;

bool has_equal_hash(const Image& one, const Image& other, PageRange range) {
    const auto first = one.known_hash(range);
    if (!first) return false;
    const auto second = other.known_hash(range);
    return second && *first == *second;
}

class Comparing {
public:
    Comparing(const Image& one, const Image& other, const Watch& watch)
        : one_(one), other_(other), watch_(watch), common_(std::min(one.last_page(), other.last_page())) {
        found_.all = found_.maybe_overflow = PageSet(std::max(one.last_page(), other.last_page()));
    }

    Result<DifferingPages> run() {
        const std::uint32_t wide = pages_of(wide_bytes), narrow = pages_of(narrow_bytes);
        for (std::uint32_t first = 1; first <= common_.value; first += wide) {
            TRY(watch_.go_on());
            watch_.at({.phase = "comparing", .done = offset_of({first}, one_.page_size()), .total = offset_of(common_, one_.page_size())});
            const PageRange range = range_from(first, wide);
            if (!has_equal_hash(one_, other_, range)) TRY(look_into(range, narrow));
        }
        for (std::uint32_t page = common_.value + 1; page <= std::max(one_.last_page(), other_.last_page()).value; ++page) found_.all.insert({page});
        return std::move(found_);
    }

private:
    std::uint32_t pages_of(std::uint64_t bytes) const { return static_cast<std::uint32_t>(bytes / one_.page_size().bytes()); }
    PageRange range_from(std::uint32_t first, std::uint32_t most) const { return {PageNumber{first}, std::min(most, common_.value - first + 1)}; }

    Result<void> look_into(PageRange wide, std::uint32_t narrow) {
        const std::uint32_t end = wide.first.value + wide.count;
        for (std::uint32_t first = wide.first.value; first < end; first += narrow) {
            const PageRange range = range_from(first, narrow);
            if (!has_equal_hash(one_, other_, range)) TRY(compare_bytes(range));
        }
        return {};
    }

    Result<void> compare_bytes(PageRange range) {
        const std::size_t page_bytes = one_.page_size().bytes();
        mine_.resize(range.count * page_bytes);
        theirs_.resize(mine_.size());
        TRY(one_.read(range, mine_));
        TRY(other_.read(range, theirs_));
        for (std::uint32_t i = 0; i < range.count; ++i) {
            const ByteView mine = ByteView(mine_).subspan(i * page_bytes, page_bytes), theirs = ByteView(theirs_).subspan(i * page_bytes, page_bytes);
            if (std::memcmp(mine.data(), theirs.data(), page_bytes) == 0) continue;
            const PageNumber page{range.first.value + i};
            found_.all.insert(page);
            if (page.value > 1 && may_be_overflow(mine) && may_be_overflow(theirs)) found_.maybe_overflow.insert(page);
        }
        return {};
    }

    // An overflow page begins with the number of the next one, a page of a b-tree with its kind.
    bool may_be_overflow(ByteView page) const {
        constexpr std::uint32_t smallest_kind = 2;
        const auto kind = std::to_integer<std::uint32_t>(page[0]);
        const bool is_kind = kind == smallest_kind || kind == 5 || kind == 10 || kind == 13;
        const bool can_be_number = std::max(one_.last_page(), other_.last_page()).value >= (smallest_kind << 24);
        return !is_kind || can_be_number;
    }

    const Image& one_;
    const Image& other_;
    const Watch& watch_;
    PageNumber common_;
    DifferingPages found_;
    Bytes mine_, theirs_;
};

}  // namespace

Result<DifferingPages> differing_pages(const Image& one, const Image& other, const Watch& watch) {
    if (one.page_size() != other.page_size()) {
        return fail(ErrorCode::invalid, "compare pages of {} bytes with pages of {}", one.page_size().bytes(), other.page_size().bytes());
    }
    return Comparing(one, other, watch).run();
}

bool is_known_equal(const Image& one, const Image& other) {
    if (one.page_size() != other.page_size() || one.last_page() != other.last_page()) return false;
    const auto wide = static_cast<std::uint32_t>(wide_bytes / one.page_size().bytes()), narrow = static_cast<std::uint32_t>(narrow_bytes / one.page_size().bytes());
    const std::uint32_t last = one.last_page().value;
    for (std::uint32_t first = 1; first <= last; first += wide) {
        const PageRange range{PageNumber{first}, std::min(wide, last - first + 1)};
        if (has_equal_hash(one, other, range)) continue;
        for (std::uint32_t inner = first; inner < first + range.count; inner += narrow) {
            if (!has_equal_hash(one, other, {PageNumber{inner}, std::min(narrow, last - inner + 1)})) return false;
        }
    }
    return true;
}

}  // namespace holdfast::sqlite
