#include "holdfast/rows/row_values.h"

#include <algorithm>
#include <bit>

#include "holdfast/base/text.h"
#include "holdfast/rows/names.h"

namespace holdfast::rows {
namespace {

std::string separated(const std::vector<std::string>& parts, std::string_view by) {
    std::string all;
    for (const auto& part : parts) {
        if (!all.empty()) all += by;
        all += part;
    }
    return all;
}

std::string value_in_words(const RowValue& value) {
    constexpr std::size_t shown_max = 60;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return format("{}", *integer);
    if (const auto* real = std::get_if<double>(&value)) return format("{}", *real);
    if (const auto* blob = std::get_if<Bytes>(&value)) return format("x'{}'", to_hex(ByteView(*blob).first(std::min(blob->size(), shown_max / 2))));
    if (const auto* text = std::get_if<std::string>(&value)) {
        std::string shown;  // of UTF-16 the half that people read
        std::ranges::copy_if(*text, std::back_inserter(shown), [](char c) { return c != '\0'; });
        return format("'{}{}'", printable(shown.substr(0, shown_max)), shown.size() > shown_max ? "…" : "");
    }
    if (const auto* large = std::get_if<ValueInPlace>(&value)) return format("{} of {}", large->is_text ? "a text" : "a blob", human_bytes(large->size));
    return "NULL";
}

RowValue as_row_value(SqlValue value) {
    return std::visit([](auto&& one) { return RowValue(std::move(one)); }, std::move(value));
}

Result<void> bind_held(sqlite::Statement& statement, int parameter, const RowValue& value) {
    HOLDFAST_ASSERT(!std::holds_alternative<ValueInPlace>(value));
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return statement.bind(parameter, *integer);
    if (const auto* text = std::get_if<std::string>(&value)) return statement.bind(parameter, std::string_view(*text));
    if (const auto* blob = std::get_if<Bytes>(&value)) return statement.bind(parameter, ByteView(*blob));
    const auto* real = std::get_if<double>(&value);
    return statement.bind_value(parameter, real ? SqlValue(*real) : SqlValue());
}

}  // namespace

Result<TextForm> text_form_of(sqlite::Connection& connection) {
    const auto encoding = TRY(connection.text("PRAGMA main.encoding"));
    return encoding == "UTF-8" ? TextForm::utf8 : TextForm::own_bytes;
}

Result<bool> is_same_value(const RowValue& one, const RowValue& other) {
    if (one.index() != other.index()) return false;
    if (const auto* large = std::get_if<ValueInPlace>(&one)) {
        const auto& other_large = std::get<ValueInPlace>(other);
        return large->is_text == other_large.is_text && TRY(is_same_bytes(*large, other_large));
    }
    if (const auto* real = std::get_if<double>(&one)) return std::bit_cast<std::uint64_t>(*real) == std::bit_cast<std::uint64_t>(std::get<double>(other));
    if (const auto* integer = std::get_if<std::int64_t>(&one)) return *integer == std::get<std::int64_t>(other);
    if (const auto* text = std::get_if<std::string>(&one)) return *text == std::get<std::string>(other);
    if (const auto* blob = std::get_if<Bytes>(&one)) return *blob == std::get<Bytes>(other);
    return true;
}

// What is held is compared first.
Result<bool> is_same_row(std::span<const RowValue> one, std::span<const RowValue> other) {
    if (one.size() != other.size()) return false;
    for (const bool is_large : {false, true}) {
        for (std::size_t i = 0; i < one.size(); ++i) {
            if (std::holds_alternative<ValueInPlace>(one[i]) == is_large && !TRY(is_same_value(one[i], other[i]))) return false;
        }
    }
    return true;
}

bool has_null(const RowValues& row) {
    return std::ranges::any_of(row, [](const RowValue& value) { return std::holds_alternative<std::monostate>(value); });
}

std::string select_list(const std::vector<std::string>& columns, TextForm form) {
    if (form == TextForm::utf8) return comma_separated(columns);
    std::vector<std::string> parts;
    for (const auto& column : columns) parts.push_back(text_as_bytes(column, column));
    return comma_separated(parts);
}

std::string text_as_bytes(const std::string& column, const std::string& otherwise) {
    return format("CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {1} END, typeof({0}) = 'text'", column, otherwise);
}

RowValue read_value(const sqlite::Statement& statement, std::size_t index, TextForm form) {
    const int at = static_cast<int>(index);
    if (form == TextForm::utf8) return as_row_value(statement.column_value(at));
    if (statement.column_integer(2 * at + 1) != 0) return std::string(text_of(statement.column_view(2 * at)));
    return as_row_value(statement.column_value(2 * at));
}

RowValues read_row(const sqlite::Statement& statement, std::size_t count, TextForm form) {
    RowValues row;
    row.reserve(count);
    for (std::size_t i = 0; i < count; ++i) row.push_back(read_value(statement, i, form));
    return row;
}

std::string parameter(std::size_t index, TextForm form) {
    if (form == TextForm::utf8) return format("?{}", index + 1);
    // CAST takes a bound blob for UTF-8, and text that is bound loses a byte order mark; || takes the bytes as they are.
    return format("CASE WHEN ?{1} THEN ?{0} || '' ELSE ?{0} END", 2 * index + 1, 2 * index + 2);
}

Result<void> bind_row(sqlite::Statement& statement, std::size_t first, const RowValues& row, TextForm form) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        const int at = static_cast<int>(first + i);
        const auto* text = std::get_if<std::string>(&row[i]);
        if (form == TextForm::own_bytes) TRY(statement.bind(2 * at + 2, std::int64_t{text ? 1 : 0}));
        if (form == TextForm::own_bytes && text) TRY(statement.bind(2 * at + 1, bytes_of(*text)));
        else TRY(bind_held(statement, form == TextForm::own_bytes ? 2 * at + 1 : at + 1, row[i]));
    }
    return {};
}

std::string equal_to(const std::vector<std::string>& columns, std::size_t first, TextForm form) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < columns.size(); ++i) parts.push_back(format("{} = {}", columns[i], parameter(first + i, form)));
    return separated(parts, " AND ");
}

std::vector<std::string> quoted_names(const std::vector<std::string>& names) {
    std::vector<std::string> quoted;
    for (const auto& name : names) quoted.push_back(sqlite::quoted_name(name));
    return quoted;
}

std::string comma_separated(const std::vector<std::string>& parts) { return separated(parts, ", "); }

std::array<std::string, 3> writing_sql(const Table& table) {
    std::vector<std::string> set;
    for (const auto& name : quoted_names(table.written_columns())) set.push_back(format("{0} = {0}", name));
    const std::string name = "main." + sqlite::quoted_name(table.name);
    return {format("INSERT INTO {} DEFAULT VALUES", name), format("UPDATE {} SET {}", name, comma_separated(set)), "DELETE FROM " + name};
}

bool mentions(std::string_view sql, std::string_view word) {
    const auto found = std::ranges::search(sql, word, {}, in_small, in_small);
    return !found.empty();
}

std::string in_words(std::string_view table, const RowValues& key) {
    std::vector<std::string> values;
    for (const auto& value : key) values.push_back(value_in_words(value));
    const auto all = comma_separated(values);
    return values.size() == 1 ? format("{} {}", printable(table), all) : format("{} ({})", printable(table), all);
}

}  // namespace holdfast::rows
