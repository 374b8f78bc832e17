// PageForesight: what a reader of a database will ask for next, by what it has asked for.
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/sqlite/page.h"

namespace holdfast::sqlite {

// Speaks of runs: so many pages, counted from 0. It guesses; whatever the pages say, nothing but speed depends on it. One
// thread at a time.
class PageForesight {
public:
    struct Limits {
        std::uint32_t pages_per_run = 1;
        std::size_t runs_max = 24;  // told and not yet come to
    };
    explicit PageForesight(Limits limits) : limits_(limits) {}

    struct Seen {
        PageNumber page;
        ByteView bytes;
        std::uint32_t usable_size = 0;
    };
    // A page was asked for. The runs that come next and were not told yet, in their order; none, where it is no scan.
    std::vector<std::uint64_t> saw(const Seen& seen);

private:
    // The children of an inner page, being gone through in their order.
    struct Walk {
        std::vector<PageNumber> children;
        std::size_t at = 0;                       // of the child expected next
        std::size_t told = 0;                     // children before this one are behind or were told
        std::size_t in_order = 0;                 // how many came as expected, one after another
        std::size_t runs_max = 0;
        struct Told {
            std::size_t child;
            std::uint64_t run;
        };
        std::deque<Told> ahead;
    };
    Walk* step(PageNumber page);
    void begin(const Seen& seen, const Walk* parent);
    void tell(Walk& walk, std::vector<std::uint64_t>& runs) const;
    void tell_in_file_order(PageNumber page, std::vector<std::uint64_t>& runs);
    std::uint64_t run_of(PageNumber page) const { return (page.value - 1) / limits_.pages_per_run; }

    static constexpr std::size_t walks_max = 4;  // the levels of a deep tree, or trees read in turn
    Limits limits_;
    std::array<Walk, walks_max> walks_;
    std::size_t newest_ = 0;
    PageNumber last_;
    std::size_t in_file_order_ = 0;
    std::uint64_t told_in_file_order_ = 0;       // up to this run
};

}  // namespace holdfast::sqlite
