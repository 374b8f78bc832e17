// The schema of a database as SQL text that makes an empty database of the same shape.
#pragma once

#include <string>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// Statements in an order in which they can be run: tables, then indexes, views and triggers, each as it was written; before
// them the page size, the encoding, application_id and user_version. Tables that a virtual table makes for itself are left
// to it.
Result<std::string> schema_text(Connection& connection);

}  // namespace holdfast::sqlite
