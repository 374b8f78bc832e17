#include "holdfast/rows/kept_indexes.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/row_values.h"
#include "holdfast/sqlite/actions.h"

namespace holdfast::rows {
namespace {

// SQLite writes every trigger into the schema with this beginning, and the rest as it was written.
constexpr std::string_view beginning = "CREATE TRIGGER ";

// Reading every row of a larger index would keep writers waiting for seconds; one that its own triggers follow need not be.
constexpr std::int64_t verified_rows_max = 100'000;

}  // namespace

KeptIndexes::~KeptIndexes() {
    for (const auto& copy : copies_) [[maybe_unused]] const auto done = connection_.execute(format("DROP TRIGGER IF EXISTS temp.{}", sqlite::quoted_name(copy)));
}

Result<void> KeptIndexes::follow(const Table& table) {
    for (const auto& object : schema_.objects) {
        if (object.type != "trigger" || !is_same_name(object.table, table.name) || !object.sql.starts_with(beginning)) continue;
        if (TRY(copy_trigger(table, object))) copies_.push_back(object.name);
    }
    return {};
}

// It stays if all that it adds to what an INSERT and an UPDATE do are writes into virtual tables.
Result<bool> KeptIndexes::copy_trigger(const Table& table, const SchemaObject& trigger) {
    const bool may_matter = std::ranges::any_of(schema_.tables, [&](const Table& one) { return one.kind == TableKind::virtual_table && mentions(trigger.sql, one.name); });
    if (!may_matter) return false;
    const auto before = TRY(writes_of(table));
    TRY(connection_.execute(format("CREATE TEMP TRIGGER {}", trigger.sql.substr(beginning.size()))));
    const auto with = writes_of(table);
    std::vector<std::string> added;
    if (with) std::ranges::set_difference(*with, before, std::back_inserter(added));
    const auto is_index = [&](const std::string& name) {
        const Table* written = schema_.find(name);
        return written != nullptr && (written->kind == TableKind::virtual_table || written->kind == TableKind::shadow);
    };
    if (!added.empty() && std::ranges::all_of(added, is_index)) {
        for (const auto& name : added) followed_.insert(schema_.find(name)->name);
        return true;
    }
    TRY(connection_.execute(format("DROP TRIGGER temp.{}", sqlite::quoted_name(trigger.name))));
    return false;
}

// The tables that SQLite says it would write, each as often as it says so.
Result<std::vector<std::string>> KeptIndexes::writes_of(const Table& table) {
    std::vector<std::string> set;
    for (const auto& name : quoted_names(table.written_columns())) set.push_back(format("{0} = {0}", name));
    const std::string name = "main." + sqlite::quoted_name(table.name);
    sqlite::ActionRecorder recorder(connection_);
    TRY(connection_.prepare(format("INSERT INTO {} DEFAULT VALUES", name)));
    TRY(connection_.prepare(format("UPDATE {} SET {}", name, comma_separated(set))));
    std::vector<std::string> names;
    for (auto& action : recorder.take()) names.push_back(std::move(action.name));
    std::ranges::sort(names);
    return names;
}

bool KeptIndexes::is_over(const Table& index, const std::string& table) const {
    const auto content = content_of(index);
    if (!content || content->empty()) return false;
    if (is_same_name(*content, table)) return true;
    const auto is_view_of_it = [&](const SchemaObject& object) { return object.type == "view" && is_same_name(object.name, *content) && mentions(object.sql, table); };
    return std::ranges::any_of(schema_.objects, is_view_of_it);
}

Result<KeptIndex> KeptIndexes::settled(const Table& index, bool is_made) {
    const std::string name = sqlite::quoted_name(index.name);
    const bool is_followed = followed_.contains(index.name) && !is_made;
    if (is_followed) {
        const Table* sizes = schema_.find(index.name + "_docsize");
        const auto rows = sizes ? TRY(connection_.integer(format("SELECT coalesce(max(rowid), 0) FROM main.{}", sqlite::quoted_name(sizes->name)))) : 0;
        if (rows > verified_rows_max) return KeptIndex{index.name, KeptIndex::How::followed};
        const bool has_rank = index.module == "fts5";  // without it, an FTS5 index is not compared with its content
        const auto checked = connection_.execute(has_rank ? format("INSERT INTO main.{0}({0}, rank) VALUES('integrity-check', 1)", name)
                                                          : format("INSERT INTO main.{0}({0}) VALUES('integrity-check')", name));
        if (checked) return KeptIndex{index.name, KeptIndex::How::verified};
        if (checked.error().code() != ErrorCode::corrupt) return checked.error().copy();
    }
    auto rebuilt = connection_.execute(format("INSERT INTO main.{0}({0}) VALUES('rebuild')", name));
    if (!rebuilt) return std::move(rebuilt).error().while_doing(format("make the full-text index {} anew", printable(index.name)));
    return KeptIndex{index.name, KeptIndex::How::rebuilt};
}

Result<std::vector<KeptIndex>> KeptIndexes::finish(const std::vector<Written>& written) {
    std::vector<KeptIndex> kept;
    for (const auto& index : schema_.tables) {
        if (index.kind != TableKind::virtual_table) continue;
        const auto of = std::ranges::find_if(written, [&](const Written& one) { return is_same_name(index.name, one.table) ? content_of(index).has_value() : is_over(index, one.table); });
        if (of != written.end()) kept.push_back(TRY(settled(index, of->is_made)));
        else if (followed_.contains(index.name)) kept.push_back({index.name, KeptIndex::How::followed});
    }
    return kept;
}

}  // namespace holdfast::rows
