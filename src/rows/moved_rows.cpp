#include "holdfast/rows/moved_rows.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/row_mark.h"

namespace holdfast::rows {
namespace {

// Of a row, whose first value is its rowid.
std::uint64_t content_mark(const RowValues& row) { return mark_of(std::span(row).subspan(1)); }

bool is_same_content(const RowValues& one, const RowValues& other) {
    return !other.empty() && is_same_row(RowValues(one.begin() + 1, one.end()), RowValues(other.begin() + 1, other.end()));
}

}  // namespace

MovedRows::MovedRows(sqlite::Connection& backup, sqlite::Connection& destination, const TableWriter& writer)
    : backup_(backup), destination_(destination), writer_(writer) {
    const auto& pair = writer.pair();
    is_needed_ = !pair.is_empty && pair.now.kind == TableKind::ordinary && pair.now.key_columns().empty() && writer.first_value() == 1;
}

Result<void> MovedRows::expect_new(const RowValues& row) {
    if (!is_needed_) return {};
    if (!present_) TRY(read_present());
    const auto [first, last] = present_->equal_range(content_mark(row));
    for (auto one = first; one != last; ++one) {
        if (!is_same_content(row, TRY(row_at(destination_, writer_.pair().now, one->second)))) continue;
        if (is_same_content(row, TRY(row_at(backup_, writer_.pair().then, one->second)))) continue;
        return fail(ErrorCode::exists, "restore {}: the same row is there as {}; without a primary key only the rowid says which row is which, and VACUUM gives new ones", writer_.in_words(row), one->second)
            .with_advice("--to FILE writes the backup's rows into a new file");
    }
    return {};
}

Result<void> MovedRows::read_present() {
    present_.emplace();
    const auto& now = writer_.pair().now;
    const auto form = writer_.pair().form;
    std::vector<std::string> columns = row_name_of(now);
    columns.insert(columns.end(), writer_.columns().begin(), writer_.columns().end());
    auto rows = TRY(destination_.prepare(format("SELECT {} FROM main.{}", select_list(columns, form), sqlite::quoted_name(now.name))));
    while (TRY(rows.step())) {
        const auto row = read_row(rows, columns.size(), form);
        const auto* rowid = std::get_if<std::int64_t>(&row.front());
        if (rowid != nullptr) present_->emplace(content_mark(row), *rowid);
    }
    return {};
}

Result<RowValues> MovedRows::row_at(sqlite::Connection& connection, const Table& table, std::int64_t rowid) {
    const bool is_backup = &connection == &backup_;
    const auto form = writer_.pair().form;
    std::vector<std::string> columns = row_name_of(table);
    if (is_backup) columns = writer_.read_columns();
    else columns.insert(columns.end(), writer_.columns().begin(), writer_.columns().end());
    auto rows = TRY(connection.prepare(format("SELECT {} FROM main.{} WHERE {} = ?1", select_list(columns, form), sqlite::quoted_name(table.name), row_name_of(table).front())));
    TRY(rows.bind(1, rowid));
    if (!TRY(rows.step())) return RowValues();
    return read_row(rows, columns.size(), form);
}

}  // namespace holdfast::rows
