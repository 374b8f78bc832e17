// What a CREATE TABLE statement says of the columns that INSERT fills, read as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::dump {

struct CreatedTable {
    std::string name;
    std::vector<std::string> columns;  // that are not generated
};
// Nothing: it is no such statement, or has no list of columns (CREATE TABLE … AS SELECT; virtual tables).
std::optional<CreatedTable> read_create_table(std::string_view sql);

}  // namespace holdfast::dump
