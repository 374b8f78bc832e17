// Rows on standard output as they come: CSV, and JSON lines.
#pragma once

#include <memory>

#include "holdfast/base/row_sink.h"

namespace holdfast::cli {

// A sink that writes as it goes; finish() writes what is left.
class RowWriter : public RowSink {
public:
    virtual Result<void> finish() = 0;
};
// RFC 4180, with a line of names. NULL is an empty field, an empty text "", a blob x'…'.
std::unique_ptr<RowWriter> csv_writer();
// One object a row, by the names of the columns. `invalid`: two columns of one name, of which readers would keep one.
std::unique_ptr<RowWriter> json_lines_writer();

}  // namespace holdfast::cli
