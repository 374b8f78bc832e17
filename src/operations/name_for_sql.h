// name_for_sql(): what a database is called in SQL, beside others.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/named_images.h"

namespace holdfast::operations {

// The file's name without its ending, in letters, digits and _, so that it needs no quotes as long as it is no keyword;
// with a number behind it where one of the others, main or temp is called so.
std::string name_for_sql(const std::string& path, const std::vector<NamedImage>& others);

}  // namespace holdfast::operations
