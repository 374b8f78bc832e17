#include "holdfast/rows/script_rows.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

using sqlite::quoted_name;

// Fields of both rows in which they differ, of the later one.
Result<std::vector<std::size_t>> changed_fields(const ComparedTable& table, const Row& before, const Row& after) {
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < after.fields.size(); ++i) {
        if (i >= before.fields.size() || !TRY(is_same({before.fields[i], table.encoding_before}, {after.fields[i], table.encoding_after}))) changed.push_back(i);
    }
    return changed;
}

// A unique key other than what the row is found by holds one of the columns, or may.
bool is_in_unique_key(const ComparedTable& table, const std::vector<std::size_t>& fields) {
    for (const auto& key : table.after->unique) {
        if (key.is_primary_key && !table.after->has_rowid) continue;
        if (key.columns.empty()) return true;
        for (const std::size_t field : fields) {
            if (has_name(key.columns, table.columns_after[field])) return true;
        }
    }
    return false;
}

bool is_virtual(const ComparedTable& table) { return table.after->kind == TableKind::virtual_table; }

Result<bool> is_written_anew(const ComparedTable& table, const RowChange& change) {
    if (change.change == Change::moved || is_virtual(table)) return true;
    if (change.before->row_id != change.after->row_id) return true;
    return is_in_unique_key(table, TRY(changed_fields(table, *change.before, *change.after)));
}

// Fields of the declared key, in its order; empty: there is none, or it does not tell the row, as a part of it is NULL.
std::vector<std::size_t> key_fields(const ComparedTable& table, const Row& row) {
    std::vector<std::size_t> fields;
    for (const auto& name : table.after->key_columns()) {
        const auto column = std::ranges::find_if(table.columns_after, [&](const auto& one) { return is_same_name(one, name); });
        const auto field = static_cast<std::size_t>(column - table.columns_after.begin());
        if (field >= row.fields.size() || std::holds_alternative<std::monostate>(row.fields[field])) return {};
        fields.push_back(field);
    }
    return fields;
}

// WHERE and what tells the row: its key, as another row may have got its rowid meanwhile.
Result<void> write_condition(const ComparedTable& table, const Row& row, LiteralWriter& literals, TextWriter& out) {
    const auto key = is_virtual(table) ? std::vector<std::size_t>() : key_fields(table, row);
    const std::string rowid = rowid_of(*table.after);
    if (key.empty() && row.row_id && !rowid.empty()) {
        out.add(format(" WHERE {} = {};\n", rowid, *row.row_id));
        return out.pass_on();
    }
    if (key.empty()) return fail(ErrorCode::bug, "nothing tells a row of {}", printable(table.name));
    std::string_view word = " WHERE ";
    for (const std::size_t field : key) {
        out.add(format("{}{} = ", word, quoted_name(table.columns_after[field])));
        TRY(literals.write({row.fields[field], table.encoding_before}));
        word = " AND ";
    }
    out.add(";\n");
    return out.pass_on();
}

}  // namespace

Result<void> RowsToDelete::row(const ComparedTable& table, const RowChange& change) {
    if (change.change == Change::added) return {};
    if (change.change != Change::removed && !TRY(is_written_anew(table, change))) return {};
    ++statements_;
    out_.add(format("DELETE FROM {}", quoted_name(table.name)));
    return write_condition(table, *change.before, literals_, out_);
}

Result<void> RowsToWrite::begin(const ComparedTable& table) {
    if (table.after != nullptr) columns_ = TRY(inserted_columns(*table.after, table.rows_after));
    return {};
}

Result<void> RowsToWrite::row(const ComparedTable& table, const RowChange& change) {
    if (change.change == Change::removed) return {};
    ++statements_;
    if (change.change == Change::added || TRY(is_written_anew(table, change))) return insert(table, *change.after);
    return update(table, *change.before, *change.after);
}

Result<void> RowsToWrite::insert(const ComparedTable& table, const Row& row) {
    const bool names_rowid = row.row_id && !columns_.rowid.empty();
    std::string columns = names_rowid ? columns_.rowid : "";
    for (const auto& column : columns_.columns) columns += format("{}{}", columns.empty() ? "" : ", ", quoted_name(column));
    out_.add(format("INSERT INTO {}({}) VALUES(", quoted_name(table.name), columns));
    if (names_rowid) out_.add(format("{}", *row.row_id));
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
        if (i > 0 || names_rowid) out_.add(", ");
        TRY(literals_.write({row.fields[i], table.encoding_after}));
    }
    out_.add(");\n");
    return out_.pass_on();
}

Result<void> RowsToWrite::update(const ComparedTable& table, const Row& before, const Row& after) {
    out_.add(format("UPDATE {} SET ", quoted_name(table.name)));
    std::string_view separator;
    for (const std::size_t field : TRY(changed_fields(table, before, after))) {
        out_.add(format("{}{} = ", separator, quoted_name(table.columns_after[field])));
        TRY(literals_.write({after.fields[field], table.encoding_after}));
        separator = ", ";
    }
    return write_condition(table, before, literals_, out_);
}

}  // namespace holdfast::rows
