#include "holdfast/cli/row_writers.h"

#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/standard_output.h"
#include "holdfast/operations/sql_rows.h"

namespace holdfast::cli {
namespace {

// Lines gathered, so that a million rows are not a million writes.
class LineWriter : public RowWriter {
public:
    Result<void> finish() override {
        TRY(host::write_to_standard_output(bytes_of(text_)));
        text_.clear();
        return {};
    }

protected:
    Result<void> written() { return text_.size() < flushed_at ? Result<void>() : finish(); }
    std::string text_;

private:
    static constexpr std::size_t flushed_at = 64 * 1024;
};

class CsvWriter final : public LineWriter {
public:
    Result<void> begin(const std::vector<ResultColumn>& columns) override {
        for (std::size_t i = 0; i < columns.size(); ++i) add(i, quoted_if_needed(columns[i].name));
        text_ += line_end;
        return written();
    }
    Result<void> row(std::span<const SqlValue> values) override {
        for (std::size_t i = 0; i < values.size(); ++i) add(i, field_of(values[i]));
        text_ += line_end;
        return written();
    }

private:
    static constexpr std::string_view line_end = "\r\n";

    void add(std::size_t column, const std::string& field) {
        if (column > 0) text_ += ',';
        text_ += field;
    }
    // Bytes as they are: what a text holds is the reader's.
    static std::string field_of(const SqlValue& value) {
        if (std::holds_alternative<std::monostate>(value)) return {};
        if (const auto* text = std::get_if<std::string>(&value)) return quoted_if_needed(*text);
        return operations::text_of_cell({value});
    }
    static std::string quoted_if_needed(const std::string& text) {
        if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
        std::string quoted = "\"";
        for (const char c : text) {
            if (c == '"') quoted += '"';
            quoted += c;
        }
        return quoted + '"';
    }
};

class JsonLinesWriter final : public LineWriter {
public:
    Result<void> begin(const std::vector<ResultColumn>& columns) override {
        std::set<std::string> seen;
        names_.clear();
        for (const auto& column : columns) {
            if (!seen.insert(column.name).second) {
                return fail(ErrorCode::invalid, "give rows as JSON lines: two columns are called {}", printable(column.name)).with_advice("name one of them with AS; or --csv");
            }
            names_.push_back(Json(column.name).to_text() + ':');
        }
        return {};
    }
    Result<void> row(std::span<const SqlValue> values) override {
        for (std::size_t i = 0; i < values.size(); ++i) {
            text_ += i == 0 ? '{' : ',';
            text_ += names_[i];
            text_ += operations::json_of(operations::Cell{values[i]}).to_text();
        }
        text_ += "}\n";
        return written();
    }

private:
    std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<RowWriter> csv_writer() { return std::make_unique<CsvWriter>(); }
std::unique_ptr<RowWriter> json_lines_writer() { return std::make_unique<JsonLinesWriter>(); }

}  // namespace holdfast::cli
