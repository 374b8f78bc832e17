// Rows on standard output as they come: CSV, and JSON lines.
#pragma once

#include <memory>

#include "holdfast/base/json.h"
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

// A report whose results are written as they come, once there are more than a few MiB of them; until then a failure leaves
// nothing behind. They stand before what else the report has.
class JsonReportWriter final : public RowSink {
public:
    JsonReportWriter();
    ~JsonReportWriter() override;
    Result<void> begin(const std::vector<ResultColumn>& columns) override;
    Result<void> row(std::span<const SqlView> values) override;
    Result<void> end(const ResultEnd& end) override;
    bool start_over() override;
    Result<void> finish(const Json& report);  // its own "results" are left out

private:
    class Text;
    std::unique_ptr<Text> text_;
};

}  // namespace holdfast::cli
