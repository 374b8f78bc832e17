// PageDifference: in which pages two databases differ, looked for once. For this room only.
#pragma once

#include <optional>

#include "holdfast/rows/count_by_page.h"
#include "holdfast/rows/side.h"

namespace holdfast::rows {

class PageDifference {
public:
    struct Request {
        const Watch& watch;
        host::WorkerPool* pool = nullptr;
        CountByPage* counting = nullptr;  // counts rows meanwhile
        const GoOn& go_on;
    };
    // The sides' trees lean on each other from then on: both sides and this stay where they are.
    Result<void> look(Side& before, Side& after, const Request& request);
    bool is_looked_for() const { return is_looked_for_; }
    // Null: no page tells.
    const sqlite::PageSet* pages() const { return differing_ ? &differing_->all : nullptr; }

private:
    bool is_looked_for_ = false;
    std::optional<sqlite::DoubtfulPages> doubtful_;
    std::optional<sqlite::DifferingPages> differing_;
};
// Databases of which pages tell something: of one page size, and neither is of 0 bytes.
bool have_pages_alike(const Side& before, const Side& after);

}  // namespace holdfast::rows
