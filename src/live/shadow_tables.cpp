#include "holdfast/live/shadow_tables.h"

#include <algorithm>

namespace holdfast::live {

std::vector<std::string> shadow_tables_among(sqlite::Connection& connection, const std::vector<sqlite::TableChanges>& changes) {
    std::vector<std::string> shadows;
    auto statement = connection.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'");
    if (!statement) return shadows;
    for (auto row = statement->step(); row && *row; row = statement->step()) {
        const std::string name = statement->column_text(0);
        if (std::ranges::find(changes, name, &sqlite::TableChanges::table) != changes.end()) shadows.push_back(name);
    }
    return shadows;
}

}  // namespace holdfast::live
