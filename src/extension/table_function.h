// Table-valued functions of SQL: columns, arguments and rows in, a module of SQLite out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/error.h"
#include "holdfast/base/sql_value.h"

struct sqlite3;

namespace holdfast::extension {

class Rows {
public:
    virtual ~Rows() = default;
    virtual Result<bool> next(std::vector<SqlValue>& row) = 0;  // false: there are no more
};

struct TableFunction {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::string> arguments;  // hidden columns, in the order in which they are given; NULL is "not given"
    using Arguments = std::vector<std::optional<std::string>>;
    std::function<Result<std::unique_ptr<Rows>>(sqlite3* connection, const Arguments&)> rows;
};

// Usable by statements of this connection, and not by views and triggers of a database, which strangers may have written.
Result<void> register_table_function(sqlite3* connection, TableFunction function);

}  // namespace holdfast::extension
