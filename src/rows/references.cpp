#include "holdfast/rows/references.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {

// Of a column that the backup has not, an inserted row has the default.
Result<std::optional<RowValues>> References::values_of(const TableWriter& writer, const ForeignKey& key, const RowValues& row) {
    RowValues values;
    for (const auto& name : key.columns) {
        if (const auto place = writer.place_of(name)) {
            values.push_back(row[*place]);
            continue;
        }
        const Column* column = writer.pair().now.find(name);
        if (column == nullptr || !column->default_sql) return std::optional<RowValues>();
        auto made = TRY(connection_.prepare(format("SELECT {}", select_list({*column->default_sql}, form_))));
        if (!TRY(made.step())) return std::optional<RowValues>();
        values.push_back(read_row(made, 1, form_).front());
    }
    return has_null(values) ? std::optional<RowValues>() : std::optional(std::move(values));
}

Result<void> References::note(const TableWriter& writer, const RowValues& row, const WrittenRow& written) {
    if (written.what != WrittenRow::What::inserted && written.what != WrittenRow::What::updated) return {};
    for (const auto& key : writer.pair().now.references) {
        if (key.parent_columns.empty()) continue;  // SQLite itself cannot follow it
        auto values = TRY(values_of(writer, key, row));
        if (!values) continue;
        if (written.before) {
            const auto before = TRY(values_of(writer, key, *written.before));
            if (before && is_same_row(*before, *values)) continue;
        }
        if (TRY(has_row(key.parent, key.parent_columns, *values))) continue;
        open_.push_back({.child = writer.pair().now.name, .child_in_words = writer.in_words(row), .key = &key, .values = std::move(*values)});
    }
    if (written.before) TRY(note_changed_key(writer, row, *written.before));
    return {};
}

Result<void> References::note_changed_key(const TableWriter& writer, const RowValues& row, const RowValues& before) {
    for (const auto& child : now_.tables) {
        for (const auto& key : child.references) {
            if (!is_same_name(key.parent, writer.pair().now.name) || key.parent_columns.empty()) continue;
            RowValues old_values, new_values;
            for (const auto& name : key.parent_columns) {
                const auto place = writer.place_of(name);
                if (!place) continue;
                old_values.push_back(before[*place]);
                new_values.push_back(row[*place]);
            }
            const bool is_changed = old_values.size() == key.parent_columns.size() && !is_same_row(old_values, new_values) && !has_null(old_values);
            if (is_changed) open_.push_back({.child = child.name, .child_in_words = {}, .key = &key, .values = std::move(old_values), .is_orphaned = true});
        }
    }
    return {};
}

Result<bool> References::has_row(const std::string& table, const std::vector<std::string>& columns, const RowValues& values) {
    const Table* there = now_.find(table);
    if (there == nullptr) return false;
    const std::string sql = format("SELECT 1 FROM main.{} WHERE {}", sqlite::quoted_name(there->name), equal_to(quoted_names(columns), 0, form_));
    auto found = statements_.find(sql);
    if (found == statements_.end()) found = statements_.emplace(sql, TRY(connection_.prepare(sql))).first;
    auto& statement = found->second;
    TRY(bind_row(statement, 0, values, form_));
    const auto is_there = statement.step();
    statement.reset();
    if (!is_there) return is_there.error().copy();
    return *is_there;
}

Result<std::optional<OpenReference>> References::next_open() {
    while (!open_.empty()) {
        auto reference = std::move(open_.front());
        open_.pop_front();
        if (TRY(has_row(reference.key->parent, reference.key->parent_columns, reference.values))) continue;
        if (reference.is_orphaned && !TRY(has_row(reference.child, reference.key->columns, reference.values))) continue;
        return std::optional(std::move(reference));
    }
    return std::optional<OpenReference>();
}

Error References::broken(const OpenReference& reference) const {
    const std::string parent = in_words(reference.key->parent, reference.values);
    if (reference.is_orphaned) {
        return fail(ErrorCode::invalid, "restore {}: rows of {} refer to it by what it was called", parent, printable(reference.child)).with_advice("--on-conflict keep leaves the row as it is");
    }
    return fail(ErrorCode::invalid, "restore {}: it refers to {}, which is not there", reference.child_in_words, parent)
        .with_advice("--with-related brings what rows refer to, as far as the backup has it; --where leaves rows out");
}

}  // namespace holdfast::rows
