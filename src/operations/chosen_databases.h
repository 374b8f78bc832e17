// Which of several databases a person means by --only: by path, or by as much of its end as tells which it is.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct DatabasesToChooseFrom {
    std::vector<std::string> paths;  // canonical ones; of a bundle's, their names there
    std::string doing;               // for the error: "restore only"
    std::string where;               // for the error: "backup #43"
};
// Empty: none was named, all are meant. `not_found`: it is none of them, or may be several.
Result<std::set<std::string>> chosen_databases(Context& context, const DatabasesToChooseFrom& there, const std::vector<std::string>& only);

}  // namespace holdfast::operations
