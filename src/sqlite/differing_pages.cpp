#include "holdfast/sqlite/differing_pages.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/host/worker_pool.h"

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

    Result<DifferingPages> run(host::WorkerPool* pool) {
        TRY(look_for_ranges());
        TRY(pool ? compare_in(*pool) : compare_here());
        for (std::uint32_t page = common_.value + 1; page <= std::max(one_.last_page(), other_.last_page()).value; ++page) found_.all.insert({page});
        return std::move(found_);
    }

private:
    // A range read from both images, and what was found in it.
    struct Compared {
        PageRange range;
        Bytes mine, theirs;
        std::vector<PageNumber> differing, maybe_overflow;
    };

    std::uint32_t pages_of(std::uint64_t bytes) const { return static_cast<std::uint32_t>(bytes / one_.page_size().bytes()); }
    PageRange range_from(std::uint32_t first, std::uint32_t most) const { return {PageNumber{first}, std::min(most, common_.value - first + 1)}; }

    // Those that are not known to be equal.
    Result<void> look_for_ranges() {
        const std::uint32_t wide = pages_of(wide_bytes), narrow = pages_of(narrow_bytes);
        for (std::uint32_t first = 1; first <= common_.value; first += wide) {
            TRY(watch_.go_on());
            const PageRange range = range_from(first, wide);
            if (has_equal_hash(one_, other_, range)) continue;
            for (std::uint32_t inner = first; inner < first + range.count; inner += narrow) {
                const PageRange part = range_from(inner, narrow);
                if (!has_equal_hash(one_, other_, part)) ranges_.push_back(part);
            }
        }
        return {};
    }

    Result<void> compare_here() {
        Compared compared;
        for (const auto& range : ranges_) {
            compared.range = range;
            TRY(compare(compared));
            TRY(take(compared));
        }
        return {};
    }
    Result<void> compare_in(host::WorkerPool& pool) {
        std::size_t next = 0;
        const auto make = [&](Compared& compared) -> Result<bool> {
            if (next == ranges_.size()) return false;
            compared.range = ranges_[next++];
            return true;
        };
        return host::OrderedPipeline<Compared>::run(pool, pool.size() + 2, {.make = make, .work = [&](Compared& compared) { return compare(compared); }, .take = [&](Compared& compared) { return take(compared); }});
    }

    Result<void> compare(Compared& compared) const {
        const PageRange range = compared.range;
        const std::size_t page_bytes = one_.page_size().bytes();
        compared.mine.resize(range.count * page_bytes);
        compared.theirs.resize(range.count * page_bytes);
        TRY(one_.read(range, compared.mine));
        TRY(other_.read(range, compared.theirs));
        compared.differing.clear();
        compared.maybe_overflow.clear();
        for (std::uint32_t i = 0; i < range.count; ++i) {
            const ByteView mine = ByteView(compared.mine).subspan(i * page_bytes, page_bytes), theirs = ByteView(compared.theirs).subspan(i * page_bytes, page_bytes);
            if (std::memcmp(mine.data(), theirs.data(), page_bytes) == 0) continue;
            const PageNumber page{range.first.value + i};
            compared.differing.push_back(page);
            if (page.value > 1 && may_be_overflow(mine) && may_be_overflow(theirs)) compared.maybe_overflow.push_back(page);
        }
        return {};
    }

    Result<void> take(const Compared& compared) {
        for (const PageNumber page : compared.differing) found_.all.insert(page);
        for (const PageNumber page : compared.maybe_overflow) found_.maybe_overflow.insert(page);
        watch_.at({.phase = "comparing", .done = ++taken_ * narrow_bytes, .total = ranges_.size() * narrow_bytes});
        return watch_.go_on();
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
    std::vector<PageRange> ranges_;
    std::size_t taken_ = 0;
};

}  // namespace

Result<DifferingPages> differing_pages(const Image& one, const Image& other, const Watch& watch, host::WorkerPool* pool) {
    if (one.page_size() != other.page_size()) {
        return fail(ErrorCode::invalid, "compare pages of {} bytes with pages of {}", one.page_size().bytes(), other.page_size().bytes());
    }
    return Comparing(one, other, watch).run(pool);
}

}  // namespace holdfast::sqlite
