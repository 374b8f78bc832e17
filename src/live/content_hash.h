// content_hash(): what a database says, apart from how it is laid out in pages: equal before and after a VACUUM.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/base/progress.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

// Over user_version, application_id, encoding, the schema's statements, and every row of every table that holds rows (those
// of virtual tables, sqlite_sequence and sqlite_stat1 too), in the order of their keys, with the type of each value. Rowids
// that are no column's own are left out, as VACUUM may give new ones. Reads everything.
Result<Hash> content_hash(sqlite::Connection& connection, const Watch& watch);

}  // namespace holdfast::live
