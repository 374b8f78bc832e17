#include "holdfast/rows/script.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/rows/compare_schema.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/index_settings.h"
#include "holdfast/rows/script_rows.h"
#include "holdfast/rows/script_tables.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::rows {
namespace {

using sqlite::quoted_name;

using Names = std::set<std::string, NameOrder>;

class Writing {
public:
    Writing(DatabasePair& pair, const ScriptRequest& request, const TextSink& sink)
        : pair_(pair), request_(request), out_(sink), before_(pair.schema_before()), after_(pair.schema_after()) {}

    Result<ScriptReport> run() {
        TRY(expect_same_encoding());
        const auto found = TRY(pair_.compare({.tables = request_.tables, .watch = request_.watch}));
        TRY(look(found));
        TRY(look_at_settings());
        if (found.is_equal() && settings_.empty() && !is_sequence_different()) return std::move(report_);
        TRY(begin());
        TRY(drop_objects());
        TRY(make_tables(TableKind::ordinary));
        TRY(make_objects("view"));
        TRY(make_tables(TableKind::virtual_table));  // FTS4 asks the table or view that it is over for its columns
        for (const auto& setting : settings_) TRY(statement(setting));
        for (const auto& name : written_) TRY(write_rows(name));
        for (const auto& name : refilled_) TRY(fill(name));
        TRY(make_objects("index"));
        TRY(rebuild_indexes_over());
        TRY(make_objects("trigger"));
        TRY(set_sequences());
        for (const auto& property : properties_) TRY(statement(property));
        if (request_.transaction == ScriptRequest::Transaction::own) TRY(statement("COMMIT"));
        TRY(out_.finish());
        return std::move(report_);
    }

private:
    Result<void> statement(const std::string& sql) {
        ++report_.statements;
        out_.add(with_comment_ended(sql) + ";\n");
        return out_.pass_on();
    }

    bool is_meant(const std::string& table) const {
        return request_.tables.empty() || has_name(request_.tables, table);
    }

    // --- what is to be done ---

    // Texts that quotes cannot hold are written as their bytes.
    Result<void> expect_same_encoding() {
        const auto before = TRY(pair_.connection_before().text("PRAGMA encoding")), after = TRY(pair_.connection_after().text("PRAGMA encoding"));
        if (before == after) return {};
        return fail(ErrorCode::invalid, "write a script: one database has its texts in {}, the other in {}", before, after).with_advice("holdfast restore --table brings rows back");
    }

    Result<void> look(const Comparison& found) {
        for (const auto& property : found.properties) {
            if (property.name == "user_version" || property.name == "application_id") properties_.push_back(format("PRAGMA {} = {}", property.name, property.after));
            else report_.warnings.push_back(format("{} is {} in one and {} in the other: SQL does not change that", property.name, property.before, property.after));
        }
        for (const auto& table : found.tables) {
            if (is_contentless(table.name) && !table.not_compared.empty()) {
                if (after_.find(table.name) != nullptr) unfilled_.insert(table.name);
                continue;
            }
            if (!table.not_compared.empty()) return fail(ErrorCode::corrupt, "write a script: {} cannot be compared: {}", printable(table.name), table.not_compared);
            if (table.is_different()) differing_.insert(table.name);
            if (table.is_different() && table.identity == "content") refilled_.insert(table.name);
        }
        changes_ = compare_schemas(before_, after_, CompareRequest::Internal::hide);
        std::erase_if(changes_, [&](const SchemaChange& change) { return !is_meant(change.table); });
        for (const auto& change : changes_) {
            if (change.type == "table") look_at_table(change);
        }
        for (const auto& name : differing_) {
            if (!remade_.contains(name) && !dropped_.contains(name) && !refilled_.contains(name)) written_.insert(name);
        }
        for (const auto& name : remade_) (is_contentless(name) ? unfilled_ : refilled_).insert(name);
        for (const auto& name : unfilled_) report_.warnings.push_back(format("{} is a full-text index without content: SQL cannot fill it", printable(name)));
        return {};
    }

    Result<void> look_at_settings() {
        for (const auto& table : after_.tables) {
            const Table* mine = before_.find(table.name);
            const bool is_anew = remade_.contains(table.name);
            if (table.kind != TableKind::virtual_table || !is_meant(table.name) || (!is_anew && mine == nullptr)) continue;
            const auto now = is_anew ? IndexSettings() : TRY(settings_of(pair_.connection_before(), *mine));
            for (const auto& change : compare_settings(now, TRY(settings_of(pair_.connection_after(), table)))) settings_.push_back(setting_sql(table.name, change.name, change.after));
        }
        return {};
    }

    bool is_contentless(const std::string& name) const {
        const Table* table = after_.find(name) ? after_.find(name) : before_.find(name);
        return table != nullptr && table->kind == TableKind::virtual_table && module_option(*table, "content") == "";
    }

    void look_at_table(const SchemaChange& change) {
        const Table *mine = before_.find(change.name), *theirs = after_.find(change.name);
        if (change.change == Change::removed) {
            dropped_.insert(change.name);
        } else if (auto additions = mine && theirs && change.change == Change::changed ? column_additions(*mine, *theirs) : std::nullopt) {
            additions_[change.name] = *std::move(additions);
            written_.insert(change.name);
            refilled_.erase(change.name);
        } else {
            remade_.insert(change.name);
        }
    }

    // --- schema ---

    Result<void> begin() {
        out_.add("-- Made by holdfast. Run it as a whole or not at all: sqlite3 -bail DATABASE < SCRIPT\n");
        TRY(statement("PRAGMA foreign_keys = OFF"));
        TRY(statement("PRAGMA ignore_check_constraints = ON"));
        if (request_.transaction == ScriptRequest::Transaction::own) TRY(statement("BEGIN IMMEDIATE"));
        return {};
    }

    bool is_changed(const SchemaObject& object) const {
        return std::ranges::any_of(changes_, [&](const SchemaChange& change) { return change.change != Change::added && change.type == object.type && is_same_name(change.name, object.name); });
    }
    // Not a view whose name a table gets: that one has to be dropped by itself.
    bool is_gone_with_table(const SchemaObject& object) const {
        const Table* table = before_.find(object.table);
        if (table == nullptr) return false;
        const std::string& owner = table->kind == TableKind::shadow ? table->owner : table->name;
        return dropped_.contains(owner) || remade_.contains(owner);
    }
    bool is_on_written(const SchemaObject& object) const { return object.type == "trigger" && (written_.contains(object.table) || refilled_.contains(object.table)); }

    // Triggers must not act on what the script writes; they are made again behind it.
    Result<void> drop_objects() {
        for (const auto& object : before_.objects) {
            if (object.type != "table" && !object.sql.empty() && !is_gone_with_table(object)) standing_[key_of(object)] = &object;
        }
        TRY(drop_changed("trigger"));
        TRY(drop_tables(TableKind::virtual_table));  // FTS4 asks what it is over even then
        TRY(drop_changed("view"));
        TRY(drop_changed("index"));
        return drop_tables(TableKind::ordinary);
    }

    Result<void> drop_changed(std::string_view type) {
        for (const auto& object : before_.objects) {
            if (object.type != type || !standing_.contains(key_of(object)) || (!is_changed(object) && !is_on_written(object))) continue;
            TRY(statement(format("DROP {} {}", type, quoted_name(object.name))));
            standing_.erase(key_of(object));
            // A view's triggers go with it.
            if (type == "view") std::erase_if(standing_, [&](const auto& one) { return one.second->type == "trigger" && is_same_name(one.second->table, object.name); });
        }
        return {};
    }

    Result<void> drop_tables(TableKind kind) {
        for (const auto& table : before_.tables) {
            if (table.kind == kind && (dropped_.contains(table.name) || remade_.contains(table.name))) TRY(statement(format("DROP TABLE {}", quoted_name(table.name))));
        }
        return {};
    }

    Result<void> make_tables(TableKind kind) {
        for (const auto& table : after_.tables) {
            if (table.kind != kind) continue;
            if (remade_.contains(table.name)) TRY(statement(table.sql));
            const auto additions = additions_.find(table.name);
            if (additions == additions_.end()) continue;
            for (const auto& sql : additions->second) TRY(statement(sql));
        }
        return {};
    }

    // What belongs to the later schema and does not stand: for whatever reason it is not there, or not any more.
    Result<void> make_objects(std::string_view type) {
        for (const auto& object : after_.objects) {
            if (object.type != type || object.sql.empty() || !is_meant(object.table)) continue;
            const auto stands = standing_.find(key_of(object));
            if (stands == standing_.end()) {
                TRY(statement(object.sql));
            } else if (stands->second->sql != object.sql) {
                return fail(ErrorCode::invalid, "write a script: the {} {} is of {} in one database, and of {} in the other", type, printable(object.name), printable(stands->second->table), printable(object.table))
                    .with_advice(format("--table {} besides", printable(stands->second->table)));
            }
        }
        return {};
    }

    // --- rows ---

    CompareRequest rows_of(const std::string& name, ChangeSink& sink) const {
        const auto how = additions_.contains(name) ? CompareRequest::Before::with_added_columns : CompareRequest::Before::as_it_is;
        return {.tables = {name}, .before = how, .sink = &sink, .watch = request_.watch};
    }

    Result<void> write_rows(const std::string& name) {
        RowsToDelete deletes(out_, report_.statements);
        TRY(compared(rows_of(name, deletes)));
        RowsToWrite writes(out_, report_.statements);
        return compared(rows_of(name, writes));
    }

    Result<void> fill(const std::string& name) {
        if (!remade_.contains(name)) TRY(statement(format("DELETE FROM {}", quoted_name(name))));
        RowsToWrite writes(out_, report_.statements);
        return compared({.tables = {name}, .before = CompareRequest::Before::as_if_new, .sink = &writes, .watch = request_.watch});
    }

    Result<void> compared(const CompareRequest& request) {
        const auto found = TRY(pair_.compare(request));
        for (const auto& table : found.tables) {
            if (!table.not_compared.empty()) return fail(ErrorCode::corrupt, "write a script: {} cannot be compared: {}", printable(table.name), table.not_compared);
        }
        return {};
    }

    // Full-text search over another table, or a view, has no rows of its own. What a view shows of a change nobody tells.
    Result<void> rebuild_indexes_over() {
        const bool is_any_written = !written_.empty() || !refilled_.empty() || !dropped_.empty() || std::ranges::any_of(changes_, [](const SchemaChange& change) { return change.type == "view"; });
        const auto rebuild = [&](const Table& index) -> Result<void> {
            const auto content = content_of(index);
            if (!content || content->empty()) return {};
            const bool is_over_view = std::ranges::any_of(after_.objects, [&](const SchemaObject& object) { return object.type == "view" && is_same_name(object.name, *content); });
            const bool is_behind = remade_.contains(index.name) || written_.contains(*content) || refilled_.contains(*content) || (is_over_view && is_any_written);
            return is_behind ? statement(format("INSERT INTO {0}({0}) VALUES('rebuild')", quoted_name(index.name))) : Result<void>();
        };
        for (const auto& index : before_.tables) {
            if (!dropped_.contains(index.name) && !remade_.contains(index.name)) TRY(rebuild(index));
        }
        for (const auto& index : after_.tables) {
            if (remade_.contains(index.name)) TRY(rebuild(index));
        }
        return {};
    }

    // --- AUTOINCREMENT ---

    using Sequences = std::map<std::string, std::int64_t>;
    static Result<Sequences> sequences_of(sqlite::Connection& connection, const Schema& schema) {
        Sequences sequences;
        if (schema.find("sqlite_sequence") == nullptr) return sequences;
        auto rows = TRY(connection.prepare("SELECT name, seq FROM sqlite_sequence"));
        while (TRY(rows.step())) sequences[rows.column_text(0)] = rows.column_integer(1);
        return sequences;
    }
    bool is_sequence_different() {
        const auto old_ones = sequences_of(pair_.connection_before(), before_), new_ones = sequences_of(pair_.connection_after(), after_);
        return old_ones && new_ones && *old_ones != *new_ones;
    }

    Result<void> set_sequences() {
        const auto old_ones = TRY(sequences_of(pair_.connection_before(), before_)), new_ones = TRY(sequences_of(pair_.connection_after(), after_));
        const auto is_touched = [&](const std::string& name) { return written_.contains(name) || refilled_.contains(name); };
        for (const auto& [name, value] : old_ones) {
            if (is_meant(name) && !new_ones.contains(name)) TRY(statement(format("DELETE FROM sqlite_sequence WHERE name = {}", quoted_text(name))));
        }
        for (const auto& [name, value] : new_ones) {
            const auto old_one = old_ones.find(name);
            const bool is_same = old_one != old_ones.end() && old_one->second == value && !is_touched(name);
            if (!is_meant(name) || is_same) continue;
            TRY(statement(format("DELETE FROM sqlite_sequence WHERE name = {}", quoted_text(name))));
            TRY(statement(format("INSERT INTO sqlite_sequence(name, seq) VALUES({}, {})", quoted_text(name), value)));
        }
        return {};
    }

    DatabasePair& pair_;
    const ScriptRequest& request_;
    TextWriter out_;
    const Schema& before_;
    const Schema& after_;
    std::vector<SchemaChange> changes_;
    std::vector<std::string> properties_, settings_;  // statements
    Names differing_, dropped_;
    Names remade_;    // dropped and made anew, or made for the first time
    Names refilled_;  // emptied and filled with every row
    Names written_;   // row by row
    Names unfilled_;  // differ, but nobody can say in what
    std::map<std::string, std::vector<std::string>, NameOrder> additions_;
    std::map<ObjectKey, const SchemaObject*> standing_;  // indexes, views and triggers of the earlier schema that the script has left there so far
    ScriptReport report_;
};

}  // namespace

Result<ScriptReport> write_script(DatabasePair& pair, const ScriptRequest& request, const TextSink& sink) {
    return Writing(pair, request, sink).run();
}

}  // namespace holdfast::rows
