#include "holdfast/sqlite/version.h"

#include <sqlite3.h>

namespace holdfast::sqlite {

std::string library_version() { return sqlite3_libversion(); }

}  // namespace holdfast::sqlite
