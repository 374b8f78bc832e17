#include "holdfast/rows/moved_rows.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/row_mark.h"

namespace holdfast::rows {
namespace {

// Of a row, whose first value is its rowid.
std::uint64_t content_mark(const RowValues& row) { return mark_of(std::span(row).subspan(1)); }

Result<bool> is_same_content(const RowValues& one, const RowValues& other) {
    if (other.empty()) return false;
    return is_same_row(std::span(one).subspan(1), std::span(other).subspan(1));
}

}  // namespace

MovedRows::MovedRows(const TableWriter& writer) : writer_(writer) {
    const auto& pair = writer.pair();
    is_needed_ = !pair.is_empty && pair.now.kind == TableKind::ordinary && pair.now.key_columns().empty() && writer.first_value() == 1;
}

Result<void> MovedRows::expect_new(const RowValues& row) {
    if (!is_needed_) return {};
    if (!present_) TRY(read_present());
    const auto [first, last] = present_->equal_range(content_mark(row));
    for (auto one = first; one != last; ++one) {
        if (!TRY(is_same_content(row, TRY(row_at(writer_.now(), one->second))))) continue;
        if (TRY(is_same_content(row, TRY(row_at(writer_.then(), one->second))))) continue;
        return fail(ErrorCode::exists, "restore {}: the same row is there as {}; without a primary key only the rowid says which row is which, and VACUUM gives new ones", writer_.in_words(row), one->second)
            .with_advice("--to FILE writes the backup's rows into a new file");
    }
    return {};
}

Result<void> MovedRows::read_present() {
    present_.emplace();
    const auto& now = writer_.now();
    auto rows = TRY(now.connection().prepare(format("SELECT {} FROM main.{}", now.select_list(), sqlite::quoted_name(now.table().name))));
    while (TRY(rows.step())) {
        const auto row = now.read(rows);
        if (const auto rowid = now.rowid_in(row)) present_->emplace(content_mark(row), *rowid);
    }
    return {};
}

Result<RowValues> MovedRows::row_at(const RowReader& reader, std::int64_t rowid) {
    auto rows = TRY(reader.connection().prepare(format("SELECT {} FROM main.{} WHERE {} = ?1", reader.select_list(), sqlite::quoted_name(reader.table().name), row_name_of(reader.table()).front())));
    TRY(rows.bind(1, rowid));
    if (!TRY(rows.step())) return RowValues();
    return reader.read(rows);
}

}  // namespace holdfast::rows
