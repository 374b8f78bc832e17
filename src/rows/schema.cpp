#include "holdfast/rows/schema.h"

#include <algorithm>
#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::rows {
namespace {

using sqlite::Connection;
using sqlite::quoted_name;

// What SQLite tells of each table before anything of it is read.
struct Listed {
    std::string type;
    bool has_rowid = true, is_strict = false;
};
using Listing = std::map<std::string, Listed, NameOrder>;

class Reading {
public:
    Reading(Connection& connection, std::string database) : connection_(connection), database_(std::move(database)) {}

    Result<Schema> read() {
        TRY(list());
        auto rows = TRY(connection_.prepare(format("SELECT type, name, tbl_name, sql, rootpage FROM {}.sqlite_schema", quoted_name(database_))));
        while (TRY(rows.step())) {
            SchemaObject object{.type = rows.column_text(0), .name = rows.column_text(1), .table = rows.column_text(2), .sql = rows.column_text(3)};
            if (object.type == "index") schema_.indexes.push_back({.name = object.name, .table = object.table, .root = page_of(rows.column_integer(4))});
            if (object.type == "table") schema_.tables.push_back(table_of(object, rows.column_integer(4)));
            schema_.objects.push_back(std::move(object));
        }
        for (auto& table : schema_.tables) TRY(fill(table));
        for (auto& table : schema_.tables) {
            for (auto& reference : table.references) complete(reference);
            if (table.kind == TableKind::shadow) table.owner = owner_of(table.name);
        }
        return std::move(schema_);
    }

private:
    Result<void> list() {
        auto rows = TRY(connection_.prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = ?1"));
        TRY(rows.bind(1, database_));
        while (TRY(rows.step())) {
            listing_[rows.column_text(0)] = {.type = rows.column_text(1), .has_rowid = rows.column_integer(2) == 0, .is_strict = rows.column_integer(3) != 0};
        }
        return {};
    }

    static sqlite::PageNumber page_of(std::int64_t root) { return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(root, 0, UINT32_MAX))}; }

    Table table_of(const SchemaObject& object, std::int64_t root) const {
        Table table;
        table.name = object.name;
        table.sql = object.sql;
        table.root = page_of(root);
        const auto listed = listing_.find(object.name);
        if (listed != listing_.end()) {
            table.has_rowid = listed->second.has_rowid;
            table.is_strict = listed->second.is_strict;
        }
        if (is_same_name(object.name.substr(0, 7), "sqlite_")) table.kind = TableKind::internal;
        else if (root == 0) table.kind = TableKind::virtual_table;
        else if (listed != listing_.end() && listed->second.type == "shadow") table.kind = TableKind::shadow;
        if (table.kind == TableKind::virtual_table) read_module(table);
        return table;
    }

    // CREATE VIRTUAL TABLE … USING module(arguments): as SQLite itself writes it into the schema.
    static void read_module(Table& table) {
        const auto pieces = pieces_of(table.sql);
        auto at = std::ranges::find_if(pieces, [](std::string_view piece) { return is_same_name(piece, "USING"); });
        if (at == pieces.end() || ++at == pieces.end()) return;
        table.module = in_small_letters(unquoted(*at));
        if (++at == pieces.end() || *at != "(") return;
        const char* begin = at->data() + 1;
        const char* close = table.sql.data() + table.sql.rfind(')');  // SQLite keeps nothing behind it
        if (close > begin) table.module_arguments = std::string(begin, close);
    }

    // A virtual table whose module is not here, or does not open what it kept, answers nothing but errors.
    Result<void> fill(Table& table) {
        const auto read = [&]() -> Result<void> {
            TRY(read_columns(table));
            TRY(read_unique(table));
            TRY(read_references(table));
            return {};
        };
        auto done = read();
        if (done) return {};
        const auto code = done.error().code();
        const bool is_of_its_module = table.kind == TableKind::virtual_table && (code == ErrorCode::invalid || code == ErrorCode::corrupt);
        if (!is_of_its_module) return done;
        table.columns.clear();
        return {};
    }

    Result<void> read_columns(Table& table) {
        auto rows = TRY(connection_.prepare(format("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo({}, {})", quoted_text(table.name), quoted_text(database_))));
        while (TRY(rows.step())) {
            Column column{.name = rows.column_text(0), .declared_type = rows.column_text(1), .collation = {}, .is_not_null = rows.column_integer(2) != 0};
            if (!rows.column_is_null(3)) column.default_sql = rows.column_text(3);
            column.key_position = static_cast<std::uint32_t>(rows.column_integer(4));
            const auto hidden = rows.column_integer(5);  // 1: of a virtual table; 2 and 3: generated when read, and stored
            column.is_hidden = hidden == 1;
            if (hidden == 2) column.generated = Generated::when_read;
            if (hidden == 3) column.generated = Generated::stored;
            table.columns.push_back(std::move(column));
        }
        for (auto& column : table.columns) {
            const auto told = TRY(connection_.column_facts({.database = database_, .table = table.name, .column = column.name}));
            column.collation = told.collation;
            table.is_autoincrement = table.is_autoincrement || told.is_autoincrement;
        }
        return {};
    }

    Result<void> read_unique(Table& table) {
        auto rows = TRY(connection_.prepare(format("SELECT name, origin, partial FROM pragma_index_list({}, {}) WHERE \"unique\"", quoted_text(table.name), quoted_text(database_))));
        while (TRY(rows.step())) {
            UniqueKey key{.index = rows.column_text(0), .columns = {}, .is_primary_key = rows.column_text(1) == "pk", .is_partial = rows.column_integer(2) != 0};
            auto columns = TRY(connection_.prepare(format("SELECT name, cid FROM pragma_index_xinfo({}, {}) WHERE key ORDER BY seqno", quoted_text(key.index), quoted_text(database_))));
            bool is_of_columns = !key.is_partial;
            while (TRY(columns.step())) {
                is_of_columns = is_of_columns && columns.column_integer(1) >= 0;
                key.columns.push_back(columns.column_text(0));
            }
            if (!is_of_columns) key.columns.clear();
            table.unique.push_back(std::move(key));
        }
        find_rowid(table);
        return {};
    }

    // INTEGER PRIMARY KEY is the rowid unless an index was made for it (INTEGER PRIMARY KEY DESC).
    static void find_rowid(Table& table) {
        if (!table.has_rowid || table.kind == TableKind::virtual_table) return;
        const auto has_name = [&](std::string_view name) { return std::ranges::any_of(table.columns, [&](const Column& column) { return is_same_name(column.name, name); }); };
        for (const std::string_view name : {"rowid", "_rowid_", "oid"}) {
            if (table.rowid_name.empty() && !has_name(name)) table.rowid_name = name;
        }
        const bool has_key_index = std::ranges::any_of(table.unique, &UniqueKey::is_primary_key);
        const auto is_part = [](const Column& column) { return column.key_position > 0; };
        if (has_key_index || std::ranges::count_if(table.columns, is_part) != 1) return;
        table.integer_key = static_cast<std::size_t>(std::ranges::find_if(table.columns, is_part) - table.columns.begin());
    }

    Result<void> read_references(Table& table) {
        auto rows = TRY(connection_.prepare(
            format("SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list({}, {}) ORDER BY id DESC, seq", quoted_text(table.name), quoted_text(database_))));
        std::int64_t last = -1;
        while (TRY(rows.step())) {
            if (rows.column_integer(0) != last) {
                table.references.push_back({.columns = {}, .parent = rows.column_text(1), .parent_columns = {}, .on_delete = rows.column_text(5), .on_update = rows.column_text(4)});
            }
            last = rows.column_integer(0);
            table.references.back().columns.push_back(rows.column_text(2));
            if (!rows.column_is_null(3)) table.references.back().parent_columns.push_back(rows.column_text(3));
        }
        return {};
    }

    void complete(ForeignKey& reference) const {
        if (!reference.parent_columns.empty()) return;
        const Table* parent = schema_.find(reference.parent);
        if (parent == nullptr) return;
        auto key = parent->key_columns();
        if (key.size() == reference.columns.size()) reference.parent_columns = std::move(key);
    }

    // The longest name that goes before an underscore: a virtual table may be called as another one's shadow.
    std::string owner_of(const std::string& shadow) const {
        std::string owner;
        for (const auto& table : schema_.tables) {
            const bool is_prefix = shadow.size() > table.name.size() && shadow[table.name.size()] == '_' && is_same_name(shadow.substr(0, table.name.size()), table.name);
            if (table.kind == TableKind::virtual_table && is_prefix && table.name.size() > owner.size()) owner = table.name;
        }
        return owner;
    }

    Connection& connection_;
    std::string database_;
    Listing listing_;
    Schema schema_;
};

}  // namespace

const Column* Table::find(std::string_view column) const {
    const auto found = std::ranges::find_if(columns, [&](const Column& one) { return is_same_name(one.name, column); });
    return found == columns.end() ? nullptr : &*found;
}

std::vector<std::string> Table::key_columns() const {
    std::vector<const Column*> parts;
    for (const auto& column : columns) {
        if (column.key_position > 0) parts.push_back(&column);
    }
    std::ranges::sort(parts, {}, &Column::key_position);
    std::vector<std::string> names;
    for (const auto* part : parts) names.push_back(part->name);
    return names;
}

std::vector<std::string> Table::written_columns() const {
    std::vector<std::string> names;
    for (const auto& column : columns) {
        if (column.generated == Generated::no && !column.is_hidden) names.push_back(column.name);
    }
    return names;
}

const Table* Schema::find(std::string_view table) const {
    const auto found = std::ranges::find_if(tables, [&](const Table& one) { return is_same_name(one.name, table); });
    return found == tables.end() ? nullptr : &*found;
}

Result<Schema> read_schema(sqlite::Connection& connection, const std::string& database) {
    auto schema = Reading(connection, database).read();
    if (!schema) return std::move(schema).error().while_doing("read the schema");
    return schema;
}

}  // namespace holdfast::rows
