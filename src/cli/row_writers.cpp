#include "holdfast/cli/row_writers.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/base/utf8.h"
#include "holdfast/host/standard_output.h"
#include "holdfast/operations/sql_rows.h"

namespace holdfast::cli {
namespace {

// Lines gathered, so that a million rows are not a million writes; and values in pieces, so that one of a gigabyte is not
// there a second time.
class LineWriter : public RowWriter {
public:
    Result<void> finish() override {
        held_ = piece;
        TRY(host::write_to_standard_output(bytes_of(text_)));
        text_.clear();
        return {};
    }

protected:
    static constexpr std::size_t piece = 64 * 1024;

    Result<void> written() { return text_.size() < held_ ? Result<void>() : finish(); }
    Result<void> add_hex(ByteView bytes) {
        for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
            text_ += to_hex(bytes.first(std::min(piece, bytes.size())));
            TRY(written());
        }
        return {};
    }
    std::string text_;
    std::size_t held_ = piece;  // so much is held back before it is written
};

class CsvWriter final : public LineWriter {
public:
    Result<void> begin(const std::vector<ResultColumn>& columns) override {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) text_ += ',';
            TRY(add_text(columns[i].name));
        }
        text_ += line_end;
        return written();
    }
    Result<void> row(std::span<const SqlView> values) override {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) text_ += ',';
            TRY(add(values[i]));
        }
        text_ += line_end;
        return written();
    }

private:
    static constexpr std::string_view line_end = "\r\n";

    Result<void> add(const SqlView& value) {
        if (const auto* text = std::get_if<std::string_view>(&value)) return add_text(*text);
        if (const auto* blob = std::get_if<ByteView>(&value)) {
            text_ += "x'";
            TRY(add_hex(*blob));
            text_ += '\'';
        } else if (!std::holds_alternative<std::monostate>(value)) {
            text_ += operations::text_of_cell({owned(value)});
        }
        return {};
    }
    // Bytes as they are: what a text holds is the reader's.
    Result<void> add_text(std::string_view text) {
        const bool is_quoted = text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos;
        if (is_quoted) text_ += '"';
        for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
            for (const char c : text.substr(0, piece)) {
                if (c == '"') text_ += '"';
                text_ += c;
            }
            TRY(written());
        }
        if (is_quoted) text_ += '"';
        return {};
    }
};

class JsonWriter : public LineWriter {
protected:
    // As operations::json_of a cell.
    Result<void> add(const SqlView& value) {
        const auto* text = std::get_if<std::string_view>(&value);
        if (const auto* blob = std::get_if<ByteView>(&value)) return add_bytes("hex", *blob);
        if (text) return is_utf8(*text) ? add_text(*text) : add_bytes("text_hex", bytes_of(*text));
        text_ += operations::json_of(operations::Cell{owned(value)}).to_text();
        return {};
    }
    Result<void> add_bytes(std::string_view name, ByteView bytes) {
        text_ += format("{{\"{}\":\"", name);
        TRY(add_hex(bytes));
        text_ += "\"}";
        return {};
    }
    Result<void> add_text(std::string_view text) {
        text_ += '"';
        while (!text.empty()) {
            std::size_t size = std::min(piece, text.size());
            while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) --size;  // not within a character
            const std::string quoted = Json(std::string(text.substr(0, size))).to_text();
            text_ += std::string_view(quoted).substr(1, quoted.size() - 2);
            text.remove_prefix(size);
            TRY(written());
        }
        text_ += '"';
        return {};
    }
};

class JsonLinesWriter final : public JsonWriter {
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
    Result<void> row(std::span<const SqlView> values) override {
        for (std::size_t i = 0; i < values.size(); ++i) {
            text_ += i == 0 ? '{' : ',';
            text_ += names_[i];
            TRY(add(values[i]));
        }
        text_ += "}\n";
        return written();
    }

private:
    std::vector<std::string> names_;
};

}  // namespace

class JsonReportWriter::Text final : public JsonWriter {
public:
    Text() { clear(); }
    Result<void> begin(const std::vector<ResultColumn>& columns) override {
        Json names = Json::array(), types = Json::array();
        for (const auto& column : columns) {
            names.push(column.name);
            types.push(column.declared_type);
        }
        text_ += format("{}{{\"columns\":{},\"types\":{},\"rows\":[", results_++ == 0 ? "" : ",", names.to_text(), types.to_text());
        rows_ = 0;
        return written();
    }
    Result<void> row(std::span<const SqlView> values) override {
        text_ += rows_++ == 0 ? "[" : ",[";
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) text_ += ',';
            TRY(add(values[i]));
        }
        text_ += ']';
        return written();
    }
    Result<void> end(const ResultEnd& end) override {
        text_ += format("],\"sql\":{},\"row_count\":{},\"more\":{}}}", Json(end.sql).to_text(), end.row_count, end.has_more);
        return written();
    }
    bool start_over() override {
        const bool is_out = held_ == piece;
        if (!is_out) clear();
        return !is_out;
    }
    Result<void> complete(const Json& report) {
        text_ += ']';
        const auto* members = report.as_object();
        if (members == nullptr) return fail(ErrorCode::bug, "a report is no JSON object");
        for (const auto& [key, value] : *members) {
            if (key != "results") text_ += format(",{}:{}", Json(key).to_text(), value.to_text());
        }
        text_ += "}\n";
        return LineWriter::finish();
    }

private:
    static constexpr std::size_t held_back = 4 * 1024 * 1024;

    void clear() {
        text_.reserve(held_back + 8 * piece);  // once: growing by doubling it would be there three times as large
        text_ = "{\"results\":[";
        held_ = held_back;
        results_ = 0;
    }
    std::size_t results_ = 0, rows_ = 0;
};

JsonReportWriter::JsonReportWriter() : text_(std::make_unique<Text>()) {}
JsonReportWriter::~JsonReportWriter() = default;
Result<void> JsonReportWriter::begin(const std::vector<ResultColumn>& columns) { return text_->begin(columns); }
Result<void> JsonReportWriter::row(std::span<const SqlView> values) { return text_->row(values); }
Result<void> JsonReportWriter::end(const ResultEnd& end) { return text_->end(end); }
bool JsonReportWriter::start_over() { return text_->start_over(); }
Result<void> JsonReportWriter::finish(const Json& report) { return text_->complete(report); }

std::unique_ptr<RowWriter> csv_writer() { return std::make_unique<CsvWriter>(); }
std::unique_ptr<RowWriter> json_lines_writer() { return std::make_unique<JsonLinesWriter>(); }

}  // namespace holdfast::cli
