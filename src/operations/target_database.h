// The one database that a verb works on: that it is there, and is what it seems. For this room only.
#pragma once

#include "holdfast/live/freeze.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/target_request.h"

namespace holdfast::operations {

// Its canonical path. `corrupt`: no SQLite database, an encrypted one, a header that cannot be. `invalid`: another
// application's, or it lies in a repository.
Result<std::string> target_database(Context& context, const TargetRequest& request);

// The same, of one that has something in it. `invalid`: a file without a byte, which is what SQLite makes of a name before
// the first table.
Result<std::string> target_with_content(Context& context, const TargetRequest& request);

// Its header as a freeze sees it, committed frames of a WAL included; none of a file without a byte.
Result<std::optional<sqlite::DatabaseHeader>> header_of_target(Context& context, const std::string& path);

// How long to wait for others' locks, from a request's seconds.
std::int64_t lock_wait_ms(std::uint64_t wait_s);

}  // namespace holdfast::operations
