// RowSink: takes the rows of a result one by one, as they come, so that nobody has to hold them all.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "holdfast/base/error.h"
#include "holdfast/base/sql_value.h"

namespace holdfast {

struct ResultColumn {
    std::string name;
    std::string declared_type;  // of the table's column that it shows; empty: an expression, or none was declared
};

// Called in one thread. An Error ends what makes the rows.
class RowSink {
public:
    virtual ~RowSink() = default;
    virtual Result<void> begin(const std::vector<ResultColumn>& columns) = 0;  // a result begins; the one before has ended
    virtual Result<void> row(std::span<const SqlValue> values) = 0;            // as many as columns; gone after the call
};

}  // namespace holdfast
