// has_write_lock(): whether a connection's transaction holds the write lock of its main database. BEGIN IMMEDIATE succeeds
// without it where the database may only be read.
#pragma once

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

bool has_write_lock(const Connection& connection);

}  // namespace holdfast::sqlite
