#include "holdfast/rows/kept_indexes.h"

#include <algorithm>
#include <array>
#include <span>

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/sqlite/actions.h"
#include "holdfast/sqlite/trigger_switch.h"

namespace holdfast::rows {
namespace {

// SQLite writes every trigger into the schema with this beginning, and the rest as it was written.
constexpr std::string_view beginning = "CREATE TRIGGER ";

// Reading every row of a larger index would keep writers waiting for seconds; one that its own triggers follow need not be.
constexpr std::int64_t verified_rows_max = 100'000;

// So many rows of each table are looked for in the indexes that its triggers write.
constexpr std::size_t compared_rows_max = 100'000;

}  // namespace

KeptIndexes::~KeptIndexes() {
    for (const auto& copy : copies_) [[maybe_unused]] const auto done = connection_.execute(format("DROP TRIGGER IF EXISTS temp.{}", sqlite::quoted_name(copy)));
}

Result<void> KeptIndexes::follow(const Table& table) {
    TRY(find_triggers(table));
    if (!are_triggers_run_) return {};
    for (const auto& object : schema_.objects) {
        if (object.type != "trigger" || !is_same_name(object.table, table.name) || !object.sql.starts_with(beginning)) continue;
        if (TRY(copy_trigger(table, object))) copies_.push_back(object.name);
    }
    return {};
}

void KeptIndexes::wrote(const Table& table, std::int64_t rowid) {
    auto& rowids = rowids_[table.name];
    if (rowids.size() <= compared_rows_max) rowids.push_back(rowid);
}

const Table* KeptIndexes::index_named(const std::string& name) const {
    const Table* table = schema_.find(name);
    if (table != nullptr && table->kind == TableKind::shadow) table = schema_.find(table->owner);
    return table != nullptr && table->kind == TableKind::virtual_table ? table : nullptr;
}

// SQLite says it of a statement with all its triggers, and theirs. Where it cannot prepare one, those count that name an index.
Result<void> KeptIndexes::find_triggers(const Table& table) {
    if (std::ranges::none_of(schema_.tables, [](const Table& one) { return one.kind == TableKind::virtual_table; }) || table.kind != TableKind::ordinary) return {};
    const sqlite::TriggersOn on(connection_);
    sqlite::ActionRecorder recorder(connection_);
    const auto sql = writing_sql(table);
    constexpr std::array<std::set<std::string> Triggers::*, 3> events = {&Triggers::of_insert, &Triggers::of_update, &Triggers::of_delete};
    bool is_known = true;
    for (std::size_t event = 0; event < sql.size(); ++event) {
        is_known = connection_.prepare(sql[event]).ok() && is_known;
        for (const auto& action : recorder.take()) {
            const Table* index = action.trigger.empty() ? nullptr : index_named(action.name);
            if (index != nullptr) (triggers_[index->name][table.name].*events[event]).insert(action.trigger);
        }
    }
    if (is_known) return {};
    for (const auto& object : schema_.objects) {
        if (object.type != "trigger" || !is_same_name(object.table, table.name)) continue;
        for (const auto& index : schema_.tables) {
            if (index.kind != TableKind::virtual_table || !mentions(object.sql, index.name)) continue;
            for (const auto event : events) (triggers_[index.name][table.name].*event).insert(object.name);
        }
    }
    return {};
}

// An index that brings its own rows would have them twice; and so would one that nothing takes deleted rows out of.
bool KeptIndexes::may_follow(const std::string& written, const Table& table) const {
    const Table* index = index_named(written);
    if (index == nullptr || backup_.brought.contains(index->name)) return false;
    const auto tables = triggers_.find(index->name);
    if (tables == triggers_.end()) return false;
    const auto triggers = tables->second.find(table.name);
    return triggers != tables->second.end() && !triggers->second.of_delete.empty();
}

// It stays if all that it adds to what an INSERT and an UPDATE do are writes into indexes that may follow. One that knows
// of RAISE has more to say than that.
Result<bool> KeptIndexes::copy_trigger(const Table& table, const SchemaObject& trigger) {
    const bool may_matter = std::ranges::any_of(schema_.tables, [&](const Table& one) { return one.kind == TableKind::virtual_table && mentions(trigger.sql, one.name); });
    if (!may_matter || mentions(trigger.sql, "raise")) return false;
    const auto before = TRY(writes_of(table));
    auto copy = connection_.prepare(format("CREATE TEMP TRIGGER {}", trigger.sql.substr(beginning.size())));
    if (!copy) return false;  // more than one statement, which SQLite itself does not see
    TRY(copy->step());
    const auto with = writes_of(table);
    std::vector<std::string> added;
    if (with) std::ranges::set_difference(*with, before, std::back_inserter(added));
    if (!added.empty() && std::ranges::all_of(added, [&](const std::string& written) { return may_follow(written, table); })) return true;
    TRY(connection_.execute(format("DROP TRIGGER temp.{}", sqlite::quoted_name(trigger.name))));
    return false;
}

// The tables that SQLite says it would write, each as often as it says so.
Result<std::vector<std::string>> KeptIndexes::writes_of(const Table& table) {
    const auto sql = writing_sql(table);
    sqlite::ActionRecorder recorder(connection_);
    for (const auto& one : std::span(sql).first(2)) TRY(connection_.prepare(one));
    std::vector<std::string> names;
    for (auto& action : recorder.take()) names.push_back(std::move(action.name));
    std::ranges::sort(names);
    return names;
}

bool KeptIndexes::is_named_by_triggers(const Table& index, const std::string& table) const {
    return std::ranges::any_of(schema_.objects, [&](const SchemaObject& object) { return object.type == "trigger" && is_same_name(object.table, table) && mentions(object.sql, index.name); });
}

bool KeptIndexes::is_over(const Table& index, const std::string& table) const {
    const auto content = content_of(index);
    if (!content || content->empty()) return false;
    if (is_same_name(*content, table)) return true;
    const auto is_view_of_it = [&](const SchemaObject& object) { return object.type == "view" && is_same_name(object.name, *content) && mentions(object.sql, table); };
    return std::ranges::any_of(schema_.objects, is_view_of_it);
}

Result<KeptIndex> KeptIndexes::settled(const Table& index, bool is_followed) {
    const std::string name = sqlite::quoted_name(index.name);
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

bool KeptIndexes::are_copied(const std::set<std::string>& triggers) const {
    return !triggers.empty() && std::ranges::all_of(triggers, [&](const std::string& trigger) { return std::ranges::find(copies_, trigger) != copies_.end(); });
}

bool KeptIndexes::have_run(const Triggers& triggers, const Written& of) const {
    return !of.is_made && (!of.has_inserted || are_copied(triggers.of_insert)) && (!of.has_updated || are_copied(triggers.of_update));
}

std::string KeptIndexes::why_not(const Written& of) const {
    if (of.is_made) return "as none runs for a table that is made";
    return are_triggers_run_ ? "as its triggers did not all run" : "as none ran where an index is damaged";
}

// What the index has under the rowids of rows that were written, here and in the backup. Nothing: its rows are not those of the table.
Result<std::optional<KeptIndexes::Compared>> KeptIndexes::compared(const Table& index, const Written& of, bool is_by_content) {
    const Table* index_then = backup_.schema.find(index.name);
    const Table* then = backup_.schema.find(of.table);
    const auto rowids = rowids_.find(of.table);
    if (index_then == nullptr || then == nullptr || rowids == rowids_.end() || of.has_new_rowids || rowids->second.size() > compared_rows_max) return std::optional<Compared>();
    const auto name = row_name_of(*then), index_name = row_name_of(index);
    if (name.size() != 1 || index_name.size() != 1 || index_then->module != index.module) return std::optional<Compared>();
    const std::string some = format("FROM (SELECT {} AS r FROM main.{} LIMIT 1000)", index_name.front(), sqlite::quoted_name(index.name));
    const auto is_there = backup_.connection.integer(format("SELECT count(*) {}", some));
    const auto is_other = backup_.connection.integer(format("SELECT count(*) {} WHERE NOT EXISTS (SELECT 1 FROM main.{} AS t WHERE t.{} = r)", some, sqlite::quoted_name(then->name), name.front()));
    if (!is_there || !is_other || *is_there == 0 || *is_other > 0) return std::optional<Compared>();
    auto columns = index_name;
    if (is_by_content) std::ranges::copy(quoted_names(index.written_columns()), std::back_inserter(columns));
    const std::string sql = format("SELECT {} FROM main.{} WHERE {} = ?1", select_list(columns, form_), sqlite::quoted_name(index.name), index_name.front());
    auto here = connection_.prepare(sql), there = backup_.connection.prepare(sql);
    if (!here || !there) return std::optional<Compared>();  // it has other columns now
    Compared compared{.rows = rowids->second.size()};
    for (const auto rowid : rowids->second) {
        RowValues rows[2];
        for (auto* statement : {&*here, &*there}) {
            statement->reset();
            TRY(statement->bind(1, rowid));
            const auto is_found = statement->step();
            if (!is_found && is_found.error().code() == ErrorCode::corrupt && !are_triggers_run_) return std::optional<Compared>();
            if (!is_found) return is_found.error().copy();
            if (*is_found) rows[statement == &*here ? 0 : 1] = read_row(*statement, columns.size(), form_);
        }
        compared.other += TRY(is_same_row(rows[0], rows[1])) ? 0U : 1U;
    }
    return std::optional(compared);
}

// All that writes it when these tables are written did run, and left it with the rows that the backup has. An index over
// another table shows that table's rowids, and says nothing of its own.
Result<bool> KeptIndexes::is_followed(const Table& index, const std::vector<Written>& written, std::vector<std::string>& notes) {
    const auto triggers = triggers_.find(index.name);
    if (triggers == triggers_.end()) return false;
    const auto content = content_of(index);
    bool is_any = false, are_all = true;
    for (const auto& of : written) {
        const auto found = triggers->second.find(of.table);
        if (found == triggers->second.end()) continue;
        is_any = true;
        const bool has_run = have_run(found->second, of);
        std::optional<Compared> seen;
        if (!content || (has_run && content->empty())) seen = TRY(compared(index, of, !has_run));
        are_all = are_all && has_run && (!seen || seen->other == 0);
        if (seen ? seen->other == 0 : has_run) continue;
        auto all = found->second.of_insert;
        all.insert(found->second.of_update.begin(), found->second.of_update.end());
        std::string names;
        for (const auto& trigger : all) names += (names.empty() ? "" : ", ") + printable(trigger);
        const std::string what = seen ? format("has something else than in the backup for {} of {} rows of {} that were written", seen->other, seen->rows, printable(of.table))
                                      : format("may lack rows of {} that were written, or have them as they were", printable(of.table));
        const std::string advice = content ? "the application can index them again" : format("--table {} brings its own rows back", printable(index.name));
        notes.push_back(format("{} {}, {} ({}): {}", printable(index.name), what, has_run ? "though its triggers did run" : why_not(of), names, advice));
    }
    return is_any && are_all;
}

Result<std::vector<KeptIndex>> KeptIndexes::finish(const std::vector<Written>& written, std::vector<std::string>& notes) {
    for (const auto& one : written) {
        const Table* table = one.is_made ? schema_.find(one.table) : nullptr;
        if (table != nullptr) TRY(find_triggers(*table));
    }
    std::vector<KeptIndex> kept;
    for (const auto& index : schema_.tables) {
        if (index.kind != TableKind::virtual_table) continue;
        const bool cannot_open = index.columns.empty();
        if (cannot_open && std::ranges::any_of(written, [&](const Written& one) { return is_over(index, one.table) || is_named_by_triggers(index, one.table); })) {
            notes.push_back(format("{} cannot be opened, and was left as it is: drop it, make it again, and fill it", printable(index.name)));
        }
        if (cannot_open) continue;
        const auto of = std::ranges::find_if(written, [&](const Written& one) { return is_same_name(index.name, one.table) ? content_of(index).has_value() : is_over(index, one.table); });
        const bool is_itself_written = std::ranges::any_of(written, [&](const Written& one) { return is_same_name(index.name, one.table); });
        std::vector<std::string> not_told;  // what is checked, or brought itself, needs no word
        const bool has_followed = TRY(is_followed(index, written, of != written.end() || is_itself_written ? not_told : notes));
        if (of != written.end()) kept.push_back(TRY(settled(index, has_followed)));
        else if (has_followed) kept.push_back({index.name, KeptIndex::How::followed});
    }
    return kept;
}

}  // namespace holdfast::rows
