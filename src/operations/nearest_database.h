// Which database copy an old copy of a companion belongs with, and which of several copies is taken.
#pragma once

#include "holdfast/operations/old_companions.h"

namespace holdfast::operations {

struct DatabaseChoice {
    const OldDatabase* database = nullptr;  // null: there is none for it, and `why`
    std::int64_t apart_ns = 0;
    bool is_certain = false;                // by where they lie, not by their times
    std::string also;                       // another one that is as near
    std::string why;
};
struct LivePaths {
    std::string database, companion;
};
DatabaseChoice database_for(const OldCompanion& copy, const std::vector<OldDatabase>& databases, const LivePaths& live);

}  // namespace holdfast::operations
