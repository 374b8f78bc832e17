// write_rows_file(): chosen rows of a backup as a database of their own.
#pragma once

#include <string>

#include "holdfast/rows/bring_rows.h"

namespace holdfast::rows {

// At `path`, where nothing is: the tables with their indexes, page size, encoding, application_id and user_version of the
// backup, in rollback mode. Not made durable. After an Error the file is of no use.
Result<Brought> write_rows_file(const ChosenRows& chosen, const std::string& path, const BringOrder& order, const Watch& watch);

}  // namespace holdfast::rows
