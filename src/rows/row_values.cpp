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

std::string value_in_words(const SqlValue& value) {
    constexpr std::size_t shown_max = 60;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return format("{}", *integer);
    if (const auto* real = std::get_if<double>(&value)) return format("{}", *real);
    if (const auto* blob = std::get_if<Bytes>(&value)) return format("x'{}'", to_hex(ByteView(*blob).first(std::min(blob->size(), shown_max / 2))));
    if (const auto* text = std::get_if<std::string>(&value)) {
        std::string shown;  // of UTF-16 the half that people read
        std::ranges::copy_if(*text, std::back_inserter(shown), [](char c) { return c != '\0'; });
        return format("'{}{}'", printable(shown.substr(0, shown_max)), shown.size() > shown_max ? "…" : "");
    }
    return "NULL";
}

}  // namespace

Result<TextForm> text_form_of(sqlite::Connection& connection) {
    const auto encoding = TRY(connection.text("PRAGMA main.encoding"));
    return encoding == "UTF-8" ? TextForm::utf8 : TextForm::own_bytes;
}

bool is_same_value(const SqlValue& one, const SqlValue& other) {
    const auto* a = std::get_if<double>(&one);
    const auto* b = std::get_if<double>(&other);
    return a && b ? std::bit_cast<std::uint64_t>(*a) == std::bit_cast<std::uint64_t>(*b) : one == other;
}

bool is_same_row(const RowValues& one, const RowValues& other) { return std::ranges::equal(one, other, is_same_value); }

bool has_null(const RowValues& row) {
    return std::ranges::any_of(row, [](const SqlValue& value) { return std::holds_alternative<std::monostate>(value); });
}

std::string select_list(const std::vector<std::string>& columns, TextForm form) {
    if (form == TextForm::utf8) return comma_separated(columns);
    std::vector<std::string> parts;
    for (const auto& column : columns) {
        parts.push_back(format("CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END, typeof({0}) = 'text'", column));
    }
    return comma_separated(parts);
}

RowValues read_row(const sqlite::Statement& statement, std::size_t count, TextForm form) {
    RowValues row;
    row.reserve(count);
    for (int i = 0; i < static_cast<int>(count); ++i) {
        const bool is_own = form == TextForm::own_bytes;
        const int at = is_own ? 2 * i : i;
        if (is_own && statement.column_integer(at + 1) != 0) row.emplace_back(std::string(text_of(statement.column_view(at))));
        else row.push_back(statement.column_value(at));
    }
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
        if (form == TextForm::utf8) {
            TRY(statement.bind_value(at + 1, row[i]));
            continue;
        }
        const auto* text = std::get_if<std::string>(&row[i]);
        TRY(statement.bind(2 * at + 2, std::int64_t{text ? 1 : 0}));
        if (text) TRY(statement.bind(2 * at + 1, bytes_of(*text)));
        else TRY(statement.bind_value(2 * at + 1, row[i]));
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
