#include "holdfast/rows/references.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {

// Of an inserted row it can be read what generated columns and defaults have given it.
Result<std::optional<RowValues>> References::values_of(TableWriter& writer, const ForeignKey& key, const RowValues& row, const WrittenRow& written) {
    RowValues values;
    for (const auto& name : key.columns) {
        if (const auto place = writer.place_of(name)) values.push_back(row[*place]);
    }
    if (values.size() != key.columns.size()) {
        if (written.before) return std::optional<RowValues>();
        auto stored = TRY(writer.stored(row, key.columns));
        if (!stored) return std::optional<RowValues>();
        values = std::move(*stored);
    }
    return has_null(values) ? std::optional<RowValues>() : std::optional(std::move(values));
}

Result<void> References::note(TableWriter& writer, const RowValues& row, const WrittenRow& written) {
    if (written.what != WrittenRow::What::inserted && written.what != WrittenRow::What::updated) return {};
    for (const auto& key : writer.pair().now.references) {
        if (key.parent_columns.empty() && now_.find(key.parent) != nullptr) continue;  // SQLite itself cannot follow it
        auto values = TRY(values_of(writer, key, row, written));
        if (!values) continue;
        if (written.before) {
            const auto before = TRY(values_of(writer, key, *written.before, written));
            if (before && TRY(is_same_row(*before, *values))) continue;
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
            const bool is_changed = old_values.size() == key.parent_columns.size() && !has_null(old_values) && !TRY(is_same_row(old_values, new_values));
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

Error References::broken(const OpenReference& reference, Parents parents) const {
    const std::string parent = in_words(reference.key->parent, reference.values);
    if (reference.is_orphaned) {
        return fail(ErrorCode::invalid, "restore {}: rows of {} refer to it by what it was called", parent, printable(reference.child)).with_advice("--on-conflict keep leaves the row as it is");
    }
    auto error = fail(ErrorCode::invalid, "restore {}: it refers to {}, which is not there", reference.child_in_words, parent);
    if (now_.find(reference.key->parent) == nullptr) return std::move(error).with_advice(format("there is no such table now: --table {0} beside the other one brings it back", printable(reference.key->parent)));
    if (parents == Parents::sought) return std::move(error).with_advice("the backup has not got it either, or it cannot be brought; --where leaves rows out");
    return std::move(error).with_advice("--with-related brings what rows refer to, as far as the backup has it; --where leaves rows out");
}

}  // namespace holdfast::rows
