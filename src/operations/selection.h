// Which backup a request means.
#pragma once

#include <optional>

#include "holdfast/history/history.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/narrow.h"

namespace holdfast::operations {

struct SelectionRequest {
    std::string snapshot;  // as people write it; empty: latest
    std::string at;        // a time, instead
    std::string source;    // a name, an id, or a database's path
    NarrowRequest narrow = {};
};
struct Selection {
    history::Moment moment;
    std::vector<std::string> warnings;
    std::int64_t gap_s = 0;  // between the time asked for and the moment
};
Result<Selection> select(Context& context, const repository::Repository& repository, const SelectionRequest& request);

// A time as people write it (base/time.h).
Result<Timestamp> moment_of_text(Context& context, const std::string& text);

// A source as people name it.
Result<history::Filter> source_filter(Context& context, const std::string& source);
// `invalid`: there is no such kind.
Result<history::Filter> narrowed(history::Filter filter, const NarrowRequest& narrow);

}  // namespace holdfast::operations
