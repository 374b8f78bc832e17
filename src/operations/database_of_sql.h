// A dump in SQL as a database: for everything that reads backups in files.
#pragma once

#include "holdfast/bundle/byte_stream.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

// Made at the path, where nothing is. Returns the time that the dump says it is of; none, if it says none. Nothing of it is
// run but the statements that make tables, indexes, views and triggers. Errors: those of dump::load_dump().
Result<Timestamp> make_database_of_sql(Context& context, bundle::ByteStream& text, const std::string& path, const OutsideRequest& request);

}  // namespace holdfast::operations
