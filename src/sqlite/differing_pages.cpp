#include "holdfast/sqlite/differing_pages.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/sqlite/btree_page.h"

namespace holdfast::sqlite {
namespace {

// Ranges of which hashes are asked: a subtree of a kept image, then its extents.
constexpr std::uint64_t wide_bytes = 16 * 1024 * 1024;
constexpr std::uint64_t narrow_bytes = 64 * 1024;

std::uint32_t pages_in(const Image& image, std::uint64_t bytes) { return static_cast<std::uint32_t>(bytes / image.page_size().bytes()); }
PageRange range_up_to(std::uint32_t first, std::uint32_t most, PageNumber last) { return {PageNumber{first}, std::min(most, last.value - first + 1)}; }

bool has_equal_hash(const Image& one, const Image& other, PageRange range) {
    const auto first = one.known_hash(range);
    if (!first) return false;
    const auto second = other.known_hash(range);
    return second && *first == *second;
}

class Comparing {
public:
    Comparing(const Image& one, const Image& other, const DoubtfulPages& doubtful, const DifferingPagesRequest& request)
        : one_(one), other_(other), request_(request), common_(std::min(one.last_page(), other.last_page())), last_(std::max(one.last_page(), other.last_page())) {
        found_.all = found_.maybe_overflow = PageSet(last_);
        for (const PageRange& range : doubtful.ranges) ranges_.push_back({.range = range});
        add_wanted(doubtful);
    }

    Result<DifferingPages> run() {
        TRY(request_.pool ? compare_in(*request_.pool) : compare_here());
        for (std::uint32_t page = common_.value + 1; page <= last_.value; ++page) found_.all.insert({page});
        return std::move(found_);
    }

private:
    struct Range {
        PageRange range;
        bool is_equal = false;  // known to be: one image is read for both
    };
    // A range read from both images, and what was found in it.
    struct Compared {
        Range of;
        Bytes mine, theirs;
        PagesOfBoth pages;
        std::vector<PageNumber> maybe_overflow;
        std::unique_ptr<PagesVisitor::Seen> seen;
    };

    // What the visitor wants and nobody doubts: whole ranges, as one page costs as much.
    void add_wanted(const DoubtfulPages& doubtful) {
        if (request_.visitor == nullptr) return;
        const std::uint32_t narrow = pages_in(one_, narrow_bytes);
        std::uint32_t first = 0;
        request_.visitor->wanted().for_each([&](PageNumber page) {
            const std::uint32_t begin = (page.value - 1) / narrow * narrow + 1;
            const bool is_common = page <= common_;
            if (begin == first || (is_common && doubtful.pages.contains(page))) return;
            first = begin;
            ranges_.push_back({.range = range_up_to(begin, narrow, last_), .is_equal = begin + narrow - 1 <= common_.value});
        });
        std::ranges::sort(ranges_, {}, [](const Range& one) { return one.range.first; });
        merge_those_of_both_kinds();
    }
    // The range in which the shorter image ends may be both doubtful and wanted.
    void merge_those_of_both_kinds() {
        std::vector<Range> merged;
        for (const Range& range : ranges_) {
            if (!merged.empty() && merged.back().range.first == range.range.first) {
                merged.back().range.count = std::max(merged.back().range.count, range.range.count);
                merged.back().is_equal = false;
            } else {
                merged.push_back(range);
            }
        }
        ranges_ = std::move(merged);
    }

    Result<void> compare_here() {
        Compared compared;
        for (const auto& range : ranges_) {
            compared.of = range;
            TRY(compare(compared));
            TRY(take(compared));
        }
        return {};
    }
    Result<void> compare_in(host::WorkerPool& pool) {
        std::size_t next = 0;
        const auto make = [&](Compared& compared) -> Result<bool> {
            if (next == ranges_.size()) return false;
            compared.of = ranges_[next++];
            return true;
        };
        return host::OrderedPipeline<Compared>::run(pool, pool.size() + 2, {.make = make, .work = [&](Compared& compared) { return compare(compared); }, .take = [&](Compared& compared) { return take(compared); }});
    }

    static Result<ByteView> read_side(const Image& image, PageRange range, Bytes& into) {
        const std::uint32_t count = range.first > image.last_page() ? 0 : std::min(range.count, image.last_page().value - range.first.value + 1);
        into.resize(std::size_t{count} * image.page_size().bytes());
        if (count > 0) TRY(image.read({range.first, count}, into));
        return ByteView(into);
    }

    Result<void> compare(Compared& compared) const {
        auto& pages = compared.pages;
        pages.range = compared.of.range;
        pages.page_bytes = one_.page_size().bytes();
        // The later one first: what it is kept as a change of is at hand then.
        if (!compared.of.is_equal) pages.other = TRY(read_side(other_, pages.range, compared.theirs));
        pages.one = TRY(read_side(one_, pages.range, compared.mine));
        if (compared.of.is_equal) pages.other = pages.one;
        pages.differs.assign(pages.range.count, false);
        compared.maybe_overflow.clear();
        for (std::uint32_t i = 0; !compared.of.is_equal && i < pages.range.count; ++i) {
            const ByteView mine = pages.page_of(pages.one, i), theirs = pages.page_of(pages.other, i);
            pages.differs[i] = mine.size() != theirs.size() || std::memcmp(mine.data(), theirs.data(), mine.size()) != 0;
            if (!pages.differs[i] || mine.size() != theirs.size()) continue;
            const PageNumber page{pages.range.first.value + i};
            if (page.value > 1 && may_be_overflow(mine) && may_be_overflow(theirs)) compared.maybe_overflow.push_back(page);
        }
        if (request_.visitor) compared.seen = request_.visitor->look(pages);
        return {};
    }

    Result<void> take(Compared& compared) {
        for (std::uint32_t i = 0; i < compared.pages.range.count; ++i) {
            if (compared.pages.differs[i]) found_.all.insert({compared.pages.range.first.value + i});
        }
        for (const PageNumber page : compared.maybe_overflow) found_.maybe_overflow.insert(page);
        if (request_.visitor) request_.visitor->take(*compared.seen);
        request_.watch.at({.phase = "comparing", .done = ++taken_ * narrow_bytes, .total = ranges_.size() * narrow_bytes});
        return request_.watch.go_on();
    }

    // An overflow page begins with the number of the next one, a page of a b-tree with its kind.
    bool may_be_overflow(ByteView page) const {
        constexpr std::uint32_t smallest_kind = 2;
        const bool can_be_number = last_.value >= (smallest_kind << 24);
        return !begins_as_btree(page) || can_be_number;
    }

    const Image& one_;
    const Image& other_;
    const DifferingPagesRequest& request_;
    PageNumber common_, last_;
    DifferingPages found_;
    std::vector<Range> ranges_;
    std::size_t taken_ = 0;
};

}  // namespace

ByteView PagesOfBoth::page_of(ByteView side, std::uint32_t index) const {
    const std::size_t offset = std::size_t{index} * page_bytes;
    return offset < side.size() ? side.subspan(offset, page_bytes) : ByteView();
}

Result<DoubtfulPages> doubtful_pages(const Image& one, const Image& other, const Watch& watch) {
    if (one.page_size() != other.page_size()) {
        return fail(ErrorCode::invalid, "compare pages of {} bytes with pages of {}", one.page_size().bytes(), other.page_size().bytes());
    }
    const PageNumber common = std::min(one.last_page(), other.last_page()), last = std::max(one.last_page(), other.last_page());
    const std::uint32_t wide = pages_in(one, wide_bytes), narrow = pages_in(one, narrow_bytes);
    DoubtfulPages doubtful{.pages = PageSet(last), .ranges = {}};
    for (std::uint32_t first = 1; first <= common.value; first += wide) {
        TRY(watch.go_on());
        const PageRange range = range_up_to(first, wide, common);
        if (has_equal_hash(one, other, range)) continue;
        for (std::uint32_t inner = first; inner < first + range.count; inner += narrow) {
            const PageRange part = range_up_to(inner, narrow, common);
            if (has_equal_hash(one, other, part)) continue;
            doubtful.ranges.push_back(part);
            for (std::uint32_t i = 0; i < part.count; ++i) doubtful.pages.insert({inner + i});
        }
    }
    for (std::uint32_t page = common.value + 1; page <= last.value; ++page) doubtful.pages.insert({page});
    return doubtful;
}

Result<DifferingPages> differing_pages(const Image& one, const Image& other, const DoubtfulPages& doubtful, const DifferingPagesRequest& request) {
    return Comparing(one, other, doubtful, request).run();
}

}  // namespace holdfast::sqlite
