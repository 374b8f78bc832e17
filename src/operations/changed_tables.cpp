#include "holdfast/operations/changed_tables.h"

#include <algorithm>

namespace holdfast::operations {

std::vector<ChangedTable> changed_tables(const std::vector<sqlite::TableChanges>& changes, const std::vector<std::string>& internal) {
    std::vector<ChangedTable> tables;
    for (const auto& one : changes) {
        const bool is_internal = std::ranges::find(internal, one.table) != internal.end();
        tables.push_back({one.table, one.inserted, one.updated, one.deleted, is_internal});
    }
    return tables;
}

}  // namespace holdfast::operations
