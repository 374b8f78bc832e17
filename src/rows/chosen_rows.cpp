#include "holdfast/rows/chosen_rows.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/json.h"
#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::rows {
namespace {

std::string in_main(const Table& table) { return "main." + sqlite::quoted_name(table.name); }

std::vector<std::string> prefixed(std::string_view with, const std::vector<std::string>& names) {
    std::vector<std::string> all;
    for (const auto& name : names) all.push_back(format("{}.{}", with, name));
    return all;
}

std::string equalities(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    std::string all;
    for (std::size_t i = 0; i < left.size(); ++i) all += format("{}{} = {}", i == 0 ? "" : " AND ", left[i], right[i]);
    return all;
}

// That the row t is the one of the list l.
std::string is_listed(const Table& table) {
    const auto name = row_name_of(table);
    std::string condition;
    for (std::size_t i = 0; i < name.size(); ++i) condition += format("{}t.{} = l.k{}", i == 0 ? "" : " AND ", name[i], i);
    return condition;
}

// What may be meant by a word: the text, and the number that is written so. '05' is another key than '5'.
std::vector<SqlValue> meanings(const std::string& word) {
    std::vector<SqlValue> values{word};
    const char* end = word.data() + word.size();
    std::int64_t integer = 0;
    const auto read = std::from_chars(word.data(), end, integer);
    if (read.ec == std::errc() && read.ptr == end && std::to_string(integer) == word) values.emplace_back(integer);
    return values;
}

Result<std::vector<std::vector<SqlValue>>> key_values(const std::string& key, std::size_t count) {
    std::vector<std::vector<SqlValue>> values;
    if (count == 1 && !key.starts_with('[')) {
        values.push_back(meanings(key));
        return values;
    }
    const auto json = Json::parse(key);
    const auto* parts = json ? json->as_array() : nullptr;
    if (!parts || parts->size() != count) {
        return fail(ErrorCode::invalid, "read --row {}: the key has {} columns", printable(key), count).with_advice("a JSON array of their values: --row '[\"a\", 2]'");
    }
    for (const auto& part : *parts) {
        if (const auto* text = part.as_text()) values.push_back({*text});
        else if (const auto integer = part.as_integer()) values.push_back({*integer});
        else if (const auto number = part.as_number()) values.push_back({*number});
        else return fail(ErrorCode::invalid, "read --row {}: it holds something that is neither text nor a number", printable(key)).with_advice("--where says it in SQL");
    }
    return values;
}

Error unknown_table(const Schema& schema, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& table : schema.tables) {
        if (table.kind == TableKind::ordinary || table.kind == TableKind::virtual_table) names.push_back(table.name);
    }
    const auto is_view_of_it = [&](const SchemaObject& object) { return object.type == "view" && is_same_name(object.name, name); };
    if (std::ranges::any_of(schema.objects, is_view_of_it)) {
        return fail(ErrorCode::invalid, "restore the table {}: it is a view, and has no rows of its own", printable(name)).with_advice("--table names the tables that it reads");
    }
    auto error = fail(ErrorCode::not_found, "restore the table {}: the backup has none of that name", printable(name));
    const auto near = nearest(name, names);
    return near.empty() ? std::move(error) : std::move(error).with_advice(format("it has {}", printable(near)));
}

// Rows of its own, that can be read and written as rows.
Result<void> expect_rows_of_its_own(const Table& table) {
    const std::string name = printable(table.name);
    if (table.kind == TableKind::internal) return fail(ErrorCode::invalid, "restore the table {}: it is SQLite's own", name);
    if (table.kind == TableKind::shadow) {
        return fail(ErrorCode::invalid, "restore the table {}: {} keeps what it holds there", name, printable(table.owner)).with_advice(format("--table {}", printable(table.owner)));
    }
    if (table.kind == TableKind::virtual_table) return expect_writable_module(table);
    if (!row_name_of(table).empty()) return {};
    return fail(ErrorCode::unavailable, "restore rows of {}: nothing names them, as it has columns called rowid, _rowid_ and oid", name)
        .with_advice("--to FILE, without --table, gives the whole backup");
}

}  // namespace

std::vector<std::string> row_name_of(const Table& table) {
    if (table.kind == TableKind::virtual_table) return {is_r_tree(table) && !table.columns.empty() ? sqlite::quoted_name(table.columns.front().name) : "rowid"};
    if (!table.has_rowid) return quoted_names(table.key_columns());
    if (!table.rowid_name.empty()) return {table.rowid_name};
    if (table.integer_key) return {sqlite::quoted_name(table.columns[*table.integer_key].name)};
    return {};
}

Result<ChosenRows> ChosenRows::choose(sqlite::Connection& backup, const Schema& schema, const RowsWanted& wanted, const Watch& watch) {
    TRY(backup.execute("PRAGMA temp_store = MEMORY"));  // keys of a sealed backup are not written in the clear
    const sqlite::Interruptible interruptible(backup, watch);
    ChosenRows rows(backup, schema);
    TRY(rows.choose_named(wanted));
    if (wanted.with_related) TRY(rows.follow_children(watch));
    return rows;
}

Result<void> ChosenRows::choose_named(const RowsWanted& wanted) {
    const bool is_choosy = !wanted.where.empty() || !wanted.keys.empty();
    if (is_choosy && wanted.tables.size() != 1) {
        return fail(ErrorCode::invalid, "restore rows: --where and --row speak of one table, and {} are named", wanted.tables.size()).with_advice("one table at a time; --with-related brings the others' rows that belong to it");
    }
    for (const auto& name : wanted.tables) {
        const Table* table = schema_->find(name);
        if (table == nullptr) return unknown_table(*schema_, name);
        if (find(*table) != nullptr) continue;
        const auto content = content_of(*table);
        if (content && !content->empty() && !is_choosy) {
            tables_.push_back({.table = table, .is_named = true, .is_index = true, .list = {}});
            continue;
        }
        TRY(expect_rows_of_its_own(*table));
        ChosenTable* chosen = nullptr;
        if (is_choosy || wanted.with_related) chosen = TRY(listed(*table));
        else chosen = &tables_.emplace_back(ChosenTable{.table = table, .list = {}});
        chosen->is_named = true;
        if (!wanted.where.empty()) TRY(choose_where(*chosen, wanted.where));
        for (const auto& key : wanted.keys) TRY(choose_key(*chosen, key));
        if (!is_choosy && wanted.with_related) TRY(add(*chosen, format("FROM {} AS t", in_main(*table)), 0));
    }
    return {};
}

// In parentheses and without: what is an expression in both places is one, and cannot end where we go on.
Result<void> ChosenRows::choose_where(ChosenTable& chosen, const std::string& where) {
    const std::string name = comma_separated(row_name_of(*chosen.table));
    const std::string plain = format("SELECT {}, 0 FROM {} WHERE ({}\n)", name, in_main(*chosen.table), where);
    for (const auto& sql : {plain, format("SELECT CASE WHEN {}\n THEN 1 END FROM {}", where, in_main(*chosen.table))}) {
        const auto judged = connection_->prepare_first(sql, 0);
        const bool is_whole = judged && judged->statement && judged->end == sql.size() && judged->statement->is_read_only() && judged->statement->parameter_count() == 0;
        if (is_whole) continue;
        const std::string why = judged ? "it is no expression of its own" : judged.error().message();
        return fail(ErrorCode::invalid, "read --where {}: {}", printable(where), why).with_advice("an SQL expression on the table's columns: --where \"status = 'failed'\"");
    }
    return connection_->execute(format("INSERT OR IGNORE INTO {} {}", chosen.list, plain));
}

Result<void> ChosenRows::choose_key(ChosenTable& chosen, const std::string& key) {
    auto columns = quoted_names(chosen.table->key_columns());
    if (columns.empty()) columns = row_name_of(*chosen.table);
    const auto values = TRY(key_values(key, columns.size()));
    std::string condition;
    std::vector<SqlValue> bound;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        condition += i == 0 ? "(" : " AND (";
        for (const auto& value : values[i]) {
            bound.push_back(value);
            condition += format("{}t.{} = ?{}", &value == &values[i].front() ? "" : " OR ", columns[i], bound.size());
        }
        condition += ")";
    }
    const auto name = row_name_of(*chosen.table);
    auto found = TRY(connection_->prepare(format("INSERT OR IGNORE INTO {} SELECT {}, 0 FROM {} AS t WHERE {}", chosen.list,
                                                 comma_separated(prefixed("t", name)), in_main(*chosen.table), condition)));
    auto there = TRY(connection_->prepare(format("SELECT 1 FROM {} AS t WHERE {}", in_main(*chosen.table), condition)));
    for (std::size_t i = 0; i < bound.size(); ++i) {
        TRY(found.bind_value(static_cast<int>(i) + 1, bound[i]));
        TRY(there.bind_value(static_cast<int>(i) + 1, bound[i]));
    }
    if (TRY(there.step())) {
        TRY(found.step());
        return {};
    }
    return fail(ErrorCode::not_found, "restore the row {} of {}: the backup has none with that key", printable(key), printable(chosen.table->name))
        .with_advice(format("the key is of the column {}; --where finds rows by other columns", comma_separated(columns)));
}

// Level by level: what refers to a row of this level, and was not chosen before, is of the next. So cycles end.
Result<void> ChosenRows::follow_children(const Watch& watch) {
    bool is_followed = true;
    for (std::int64_t level = 0; is_followed; ++level) {
        is_followed = false;
        for (const auto& child : schema_->tables) {
            for (const auto& reference : child.references) {
                TRY(watch.go_on());
                is_followed = TRY(follow(child, reference, level)) || is_followed;
            }
        }
    }
    return {};
}

Result<bool> ChosenRows::follow(const Table& child, const ForeignKey& reference, std::int64_t level) {
    const Table* parent = schema_->find(reference.parent);
    if (parent == nullptr || reference.parent_columns.empty()) return false;
    const ChosenTable* from = find(*parent);
    if (from == nullptr || from->levels < level) return false;
    const std::string list = from->list;
    TRY(expect_rows_of_its_own(child));
    const auto name = row_name_of(*parent);
    std::string condition;
    for (const auto& column : name) condition += format("{}p.{} = l.k{}", condition.empty() ? "" : " AND ", column, &column - name.data());
    std::vector<std::string> refers, referred;
    bool is_compared_alike = true;
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
        refers.push_back("t." + sqlite::quoted_name(reference.columns[i]));
        referred.push_back("p." + sqlite::quoted_name(reference.parent_columns[i]));
        const Column* one = child.find(reference.columns[i]);
        const Column* other = parent->find(reference.parent_columns[i]);
        is_compared_alike = is_compared_alike && one && other && is_same_name(one->collation, other->collation);
    }
    const std::string parents = format("{} AS l CROSS JOIN {} AS p ON {}", list, in_main(*parent), condition);
    // Without an index IN reads the child once, and needs no index made for the purpose; but the child's collation counts
    // there, and for a reference it is the parent's.
    const std::string select =
        is_compared_alike ? format("FROM {} AS t WHERE ({}) IN (SELECT {} FROM {} WHERE l.level = {})", in_main(child), comma_separated(refers), comma_separated(referred), parents, level)
                          : format("FROM {} CROSS JOIN {} AS t ON {} WHERE l.level = {}", parents, in_main(child), equalities(referred, refers), level);
    if (find(child) == nullptr) {
        auto any = TRY(connection_->prepare(format("SELECT 1 {} LIMIT 1", select)));
        if (!TRY(any.step())) return false;
    }
    ChosenTable* chosen = TRY(listed(child));
    if (TRY(add(*chosen, select, level + 1)) == 0) return false;
    chosen->levels = level + 1;
    return true;
}

ChosenTable* ChosenRows::find(const Table& table) {
    const auto found = std::ranges::find(tables_, &table, &ChosenTable::table);
    return found == tables_.end() ? nullptr : &*found;
}

Result<ChosenTable*> ChosenRows::listed(const Table& table) {
    if (auto* found = find(table)) return found;
    const auto name = row_name_of(table);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < name.size(); ++i) keys.push_back(format("k{}", i));
    const std::string list = format("temp.\"holdfast rows {}\"", tables_.size());
    TRY(connection_->execute("DROP TABLE IF EXISTS " + list));
    if (table.has_rowid) TRY(connection_->execute(format("CREATE TABLE {}(k0 INTEGER PRIMARY KEY, level)", list)));
    else TRY(connection_->execute(format("CREATE TABLE {}({}, level, PRIMARY KEY({})) WITHOUT ROWID", list, comma_separated(keys), comma_separated(keys))));
    return &tables_.emplace_back(ChosenTable{.table = &table, .list = list});
}

Result<std::int64_t> ChosenRows::add(ChosenTable& chosen, const std::string& select, std::int64_t level) {
    TRY(connection_->execute(format("INSERT OR IGNORE INTO {} SELECT {}, {} {}", chosen.list, comma_separated(prefixed("t", row_name_of(*chosen.table))), level, select)));
    return connection_->integer("SELECT changes()");
}

std::string ChosenRows::rows_sql(const ChosenTable& chosen, const RowReader& reader) const {
    const std::string list = reader.select_list("t");
    const auto name = row_name_of(*chosen.table);
    const auto from = [&](const std::string& rowid) { return reader.shows_rowids() ? format(" WHERE {0} >= ?1 ORDER BY {0}", rowid) : std::string(); };
    if (chosen.list.empty()) return format("SELECT {} FROM {} AS t{}", list, in_main(*chosen.table), from("t." + name.front()));
    return format("SELECT {} FROM {} AS l CROSS JOIN {} AS t ON {}{}", list, chosen.list, in_main(*chosen.table), is_listed(*chosen.table), from("l.k0"));
}

std::string ChosenRows::row_sql(const ChosenTable& chosen, const RowReader& reader, TextForm form) const {
    const auto key = chosen.table->key_columns();
    const std::string sql = format("SELECT {} FROM {} AS t WHERE {}", reader.select_list("t"), in_main(*chosen.table),
                                   equal_to(prefixed("t", key.empty() ? row_name_of(*chosen.table) : quoted_names(key)), 0, form));
    if (chosen.list.empty()) return sql;
    return sql + format(" AND EXISTS (SELECT 1 FROM {} AS l WHERE {})", chosen.list, is_listed(*chosen.table));
}

Result<std::uint64_t> ChosenRows::count(const ChosenTable& chosen) const {
    if (chosen.is_index) return std::uint64_t{0};
    const auto rows = TRY(connection_->integer(format("SELECT count(*) FROM {}", chosen.list.empty() ? in_main(*chosen.table) : chosen.list)));
    return static_cast<std::uint64_t>(rows);
}

}  // namespace holdfast::rows
