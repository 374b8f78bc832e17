// RowSink: takes the rows of a result one by one, as they come, so that nobody has to hold them all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "holdfast/base/error.h"
#include "holdfast/base/sql_value.h"

namespace holdfast {

struct ResultColumn {
    std::string name;
    std::string declared_type;  // of the table's column that it shows; empty: an expression, or none was declared
};

// As SqlValue, but it owns nothing: a value may have a gigabyte.
using SqlView = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;

inline SqlValue owned(const SqlView& view) {
    if (const auto* text = std::get_if<std::string_view>(&view)) return std::string(*text);
    if (const auto* blob = std::get_if<ByteView>(&view)) return Bytes(blob->begin(), blob->end());
    if (const auto* integer = std::get_if<std::int64_t>(&view)) return *integer;
    if (const auto* real = std::get_if<double>(&view)) return *real;
    return {};
}

struct ResultEnd {
    std::string_view sql;        // the beginning of its statement
    std::uint64_t row_count = 0; // handed on
    bool has_more = false;       // a limit ended it
};

// Called in one thread. An Error ends what makes the rows.
class RowSink {
public:
    virtual ~RowSink() = default;
    virtual Result<void> begin(const std::vector<ResultColumn>& columns) = 0;  // a result begins; the one before has ended
    virtual Result<void> row(std::span<const SqlView> values) = 0;             // as many as columns; gone after the call
    virtual Result<void> end(const ResultEnd&) { return {}; }                  // it has no more rows
    // What came is void, and comes anew. False: it cannot be taken back.
    virtual bool start_over() { return false; }
};

}  // namespace holdfast
