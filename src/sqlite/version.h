// The version of the SQLite library in use, for bug reports.
#pragma once

#include <string>

namespace holdfast::sqlite {

std::string library_version();  // "3.40.1"

}  // namespace holdfast::sqlite
