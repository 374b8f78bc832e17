// differing_pages(): in which pages two images of a database differ.
#pragma once

#include <memory>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/page_set.h"

namespace holdfast::host {
class WorkerPool;
}

namespace holdfast::sqlite {

// Pages of which it is not known that both images have the same: by the hashes of ranges that both know.
struct DoubtfulPages {
    PageSet pages;                  // those that only one image has among them
    std::vector<PageRange> ranges;  // of those that both have, ascending
};
// Reads nothing. The images have the same page size (`invalid` otherwise).
Result<DoubtfulPages> doubtful_pages(const Image& one, const Image& other, const Watch& watch = {});

// The same pages of both images, as they are read. A side ends where its image does.
struct PagesOfBoth {
    PageRange range;
    ByteView one, other;
    std::vector<bool> differs;  // of each page of the range
    ByteView page_of(ByteView side, std::uint32_t index) const;  // empty: that image has no such page
    std::uint32_t page_bytes = 0;
};

// Looks at pages while they are there, so that nobody needs to read them again.
class PagesVisitor {
public:
    struct Seen {
        virtual ~Seen() = default;
    };
    virtual ~PagesVisitor() = default;
    // Pages that are to be read besides the doubtful ones.
    virtual const PageSet& wanted() const = 0;
    // In several threads at once.
    virtual std::unique_ptr<Seen> look(const PagesOfBoth& pages) const = 0;
    // What look() gave, in the order of the file, in the caller's thread.
    virtual void take(Seen& seen) = 0;
};

struct DifferingPages {
    PageSet all;             // whose bytes differ, and those that only one image has
    PageSet maybe_overflow;  // of those that both have: neither version begins as a page of a b-tree does
};
struct DifferingPagesRequest {
    Watch watch = {};
    host::WorkerPool* pool = nullptr;  // reads in its threads, when there is one
    PagesVisitor* visitor = nullptr;
};
// Reads the doubtful pages of both images, once.
Result<DifferingPages> differing_pages(const Image& one, const Image& other, const DoubtfulPages& doubtful, const DifferingPagesRequest& request = {});

}  // namespace holdfast::sqlite
