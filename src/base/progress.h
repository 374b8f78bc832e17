// Progress of long work, told by rooms and shown by surfaces; cancellation travels as std::stop_token.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string_view>

#include "holdfast/base/text.h"

namespace holdfast {

struct ProgressStep {
    std::string_view phase;         // "reading", "restoring", "checking": stable words
    std::uint64_t done = 0;         // in units
    std::uint64_t total = 0;        // 0: not known
    std::string_view unit = "bytes";
};

// Called often, from any thread, must return quickly. The default shows nothing.
class Progress {
public:
    virtual ~Progress() = default;
    virtual void at(const ProgressStep&) {}
};
Progress& no_progress();

// What long work takes along: whom to tell, and whether to stop.
struct Watch {
    Progress* progress = &no_progress();
    std::stop_token stop;
    void at(const ProgressStep& step) const { progress->at(step); }
    Result<void> go_on() const {
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped on request");
        return {};
    }
};

}  // namespace holdfast
