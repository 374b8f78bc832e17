// empty_copy(): a database with the schema of another, and not one row.
#pragma once

#include <memory>

#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// Tables, indexes, views, triggers and virtual tables with what those make for themselves, each by the SQL that the original
// has; page size, encoding, auto_vacuum, journal mode, application_id and user_version are the original's. What SQLite makes
// itself (statistics, the last AUTOINCREMENT values) is not copied. Functions and collations that only the application has
// are stood in for while it is made: without rows none is called. In memory. The pages of `image` are read, nothing else.
//
// `unavailable`: a virtual table of a module that this library has not. `corrupt`: the schema cannot be read, or is not what
// its own SQL makes (edited by hand). `invalid`: the image is of 0 bytes.
Result<std::unique_ptr<Image>> empty_copy(const Image& image);

}  // namespace holdfast::sqlite
