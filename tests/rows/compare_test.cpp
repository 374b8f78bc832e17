#include "holdfast/rows/compare.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <map>
#include <set>

#include "holdfast/sqlite/serve_image.h"
#include "support/random_database.h"

namespace holdfast::rows {
namespace {

using tests::must;
using tests::RandomDatabase;

// --- the oracle: rows as SQLite reads them out of both databases, paired in memory ---

std::string exact(const SqlValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return format("i{}", *integer);
    if (const auto* real = std::get_if<double>(&value)) return format("r{:016x}", std::bit_cast<std::uint64_t>(*real));
    if (const auto* text = std::get_if<std::string>(&value)) return format("t{}:{}", text->size(), *text);
    if (const auto* blob = std::get_if<Bytes>(&value)) return format("b{}:{}", blob->size(), text_of(*blob));
    return "n";
}

struct Rows {
    std::map<std::string, std::string> by_key;         // what identifies a row, to all of it
    std::map<std::string, std::uint64_t> by_content;
    bool is_keyed = true;
};

// Rows by rowid, by the declared key (with the rowid, where a part of it is NULL), or by nothing.
Rows rows_of(sqlite::Connection& connection, const Table& table, const std::vector<std::string>& columns) {
    const bool is_virtual = table.kind == TableKind::virtual_table;
    const auto key = is_virtual || table.integer_key ? std::vector<std::string>() : table.key_columns();
    Rows rows;
    rows.is_keyed = is_virtual || !key.empty() || !table.rowid_name.empty();
    std::string list;
    for (const auto& part : key) {
        const Column* column = table.find(part);
        // Texts that the key's collation takes for equal are one key.
        std::string folded = sqlite::quoted_name(part);
        if (column->collation == "NOCASE") folded = format("CASE WHEN typeof({0}) = 'text' THEN lower({0}) ELSE {0} END", folded);
        if (column->collation == "RTRIM") folded = format("CASE WHEN typeof({0}) = 'text' THEN rtrim({0}, ' ') ELSE {0} END", folded);
        list += folded + ", ";
    }
    const bool has_rowid = table.has_rowid && rows.is_keyed;
    list += has_rowid ? (is_virtual ? "rowid" : table.rowid_name) : "NULL";
    for (const auto& column : columns) list += ", " + sqlite::quoted_name(column);
    auto statement = must(connection.prepare(format("SELECT {} FROM {}", list, sqlite::quoted_name(table.name))));
    while (must(statement.step())) {
        std::string identity, content;
        bool has_null = key.empty();
        for (int i = 0; i < static_cast<int>(key.size()); ++i) {
            const auto value = statement.column_value(i);
            has_null = has_null || std::holds_alternative<std::monostate>(value);
            // Numbers that are equal are one key, whatever their type.
            const auto* integer = std::get_if<std::int64_t>(&value);
            const bool is_small = integer && std::abs(*integer) < (std::int64_t{1} << 52);
            identity += (is_small ? exact(static_cast<double>(*integer)) : exact(value)) + "|";
        }
        if (has_null) identity += "#" + exact(statement.column_value(static_cast<int>(key.size())));
        for (int i = static_cast<int>(key.size()) + 1; i < statement.column_count(); ++i) content += exact(statement.column_value(i)) + "|";
        if (rows.is_keyed) rows.by_key[identity] = content;
        ++rows.by_content[content];
    }
    return rows;
}

struct Counts {
    std::uint64_t added = 0, removed = 0, changed = 0;
    bool operator==(const Counts&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Counts& counts) { return out << "+" << counts.added << " -" << counts.removed << " ~" << counts.changed; }
};

Counts differences(const Rows& before, const Rows& after, bool by_content) {
    Counts counts;
    if (by_content || !before.is_keyed || !after.is_keyed) {
        for (const auto& [content, count] : before.by_content) {
            const auto there = after.by_content.find(content);
            const std::uint64_t others = there == after.by_content.end() ? 0 : there->second;
            counts.removed += count > others ? count - others : 0;
        }
        for (const auto& [content, count] : after.by_content) {
            const auto there = before.by_content.find(content);
            const std::uint64_t others = there == before.by_content.end() ? 0 : there->second;
            counts.added += count > others ? count - others : 0;
        }
        return counts;
    }
    for (const auto& [key, content] : before.by_key) {
        const auto there = after.by_key.find(key);
        if (there == after.by_key.end()) ++counts.removed;
        else if (there->second != content) ++counts.changed;
    }
    for (const auto& [key, content] : after.by_key) counts.added += before.by_key.contains(key) ? 0u : 1u;
    return counts;
}

struct Opened {
    explicit Opened(const sqlite::Image& image) : served(must(sqlite::serve_image(image))), connection(must(served->connect())), schema(must(read_schema(connection))) {}
    std::unique_ptr<sqlite::ServedImage> served;
    sqlite::Connection connection;
    Schema schema;
};

std::vector<std::string> visible(const Table& table) { return table.written_columns(); }

std::map<std::string, Counts> expected(const sqlite::Image& before, const sqlite::Image& after, const Comparison& found) {
    Opened one(before), other(after);
    std::set<std::string> names;
    for (const auto* schema : {&one.schema, &other.schema}) {
        for (const auto& table : schema->tables) {
            if (table.kind == TableKind::ordinary || table.kind == TableKind::virtual_table) names.insert(table.name);
        }
    }
    std::map<std::string, Counts> counts;
    for (const auto& name : names) {
        const Table *mine = one.schema.find(name), *theirs = other.schema.find(name);
        std::vector<std::string> common;
        for (const auto& column : visible(mine ? *mine : *theirs)) {
            if (!mine || !theirs || theirs->find(column)) common.push_back(column);
        }
        const Rows old_rows = mine ? rows_of(one.connection, *mine, common) : Rows(), new_rows = theirs ? rows_of(other.connection, *theirs, common) : Rows();
        const auto told = std::ranges::find(found.tables, name, &TableDifference::name);
        const bool by_content = told != found.tables.end() && told->identity == "content";
        const Counts here = differences(old_rows, new_rows, by_content);
        if (here != Counts{}) counts[name] = here;
    }
    return counts;
}

// Rows that a sink is given, by table.
class Collecting final : public ChangeSink {
public:
    Result<void> row(const ComparedTable& table, const RowChange& change) override {
        if (change.change == Change::moved) return {};
        auto& counts = found[table.name];
        if (change.change == Change::added) ++counts.added;
        if (change.change == Change::removed) ++counts.removed;
        if (change.change == Change::changed) ++counts.changed;
        EXPECT_EQ(change.before == nullptr, change.change == Change::added);
        EXPECT_EQ(change.after == nullptr, change.change == Change::removed);
        return {};
    }
    std::map<std::string, Counts> found;
};

std::map<std::string, Counts> counted(const Comparison& comparison) {
    std::map<std::string, Counts> counts;
    for (const auto& table : comparison.tables) {
        EXPECT_EQ(table.not_compared, "") << table.name;
        const Counts here{table.added, table.removed, table.changed};
        if (here != Counts{}) counts[table.name] = here;
    }
    return counts;
}

int seeds() {
    const char* more = std::getenv("HOLDFAST_TEST_SEEDS");
    return more ? std::atoi(more) : 300;
}

TEST(Compare, FindsWhatSqliteFindsInRandomDatabases) {
    std::uint64_t rows_found = 0, pages_equal = 0;
    for (int seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        RandomDatabase database(static_cast<std::uint64_t>(seed));
        const auto before = database.image();
        database.edit();
        const auto after = database.image();
        Collecting sink;
        const auto found = must(compare(*before, *after, {.sink = &sink}));
        const auto should = expected(*before, *after, found);
        ASSERT_EQ(counted(found), should);
        ASSERT_EQ(sink.found, should);
        ASSERT_EQ(counted(must(compare(*before, *after, {}))), should) << "without a sink";
        auto back = must(compare(*after, *before, {}));
        for (auto& table : back.tables) std::swap(table.added, table.removed);
        ASSERT_EQ(counted(back), should) << "the other way round";
        ASSERT_TRUE(must(compare(*after, *after, {})).is_equal());
        for (const auto& [name, counts] : should) rows_found += counts.added + counts.removed + counts.changed;
        pages_equal += before->last_page() == after->last_page() ? 1u : 0u;
    }
    EXPECT_GT(rows_found, static_cast<std::uint64_t>(seeds())) << "the edits must change something";
    EXPECT_GT(pages_equal, 0u);
}

std::unique_ptr<sqlite::Image> made_by(const std::string& sql) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute(sql));
    return sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), tests::serialized(connection));
}
TableDifference only_table(const std::string& before, const std::string& after) {
    const auto found = must(compare(*made_by(before), *made_by(after), {.tables = {"t"}}));
    EXPECT_EQ(found.tables.size(), 1u);
    return found.tables.at(0);
}

TEST(Compare, ColumnsAreFoundByTheirNames) {
    const auto swapped = only_table("CREATE TABLE t(a, b); INSERT INTO t(a, b) VALUES (1, 2), (3, 4)", "CREATE TABLE t(b, a); INSERT INTO t(a, b) VALUES (1, 2), (3, 5)");
    EXPECT_EQ(swapped.changed, 1u);
    const auto same_bytes = only_table("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)", "CREATE TABLE t(b, a); INSERT INTO t VALUES (1, 2)");
    EXPECT_EQ(same_bytes.changed, 1u) << "the same record, and other values";
    const auto as_real = only_table("CREATE TABLE t(a INT); INSERT INTO t VALUES (1)", "CREATE TABLE t(a REAL); INSERT INTO t VALUES (1)");
    EXPECT_EQ(as_real.changed, 1u) << "1 is not 1.0, and both are stored alike";
}

TEST(Compare, RowsAreKnownByTheirKeysAndNotByTheirRowids) {
    const std::string schema = "CREATE TABLE t(id TEXT COLLATE NOCASE PRIMARY KEY, v);";
    const auto replaced = only_table(schema + "INSERT INTO t VALUES ('a', 1), ('b', 2), (NULL, 3)", schema + "INSERT INTO t VALUES ('b', 2), ('A', 1), (NULL, 3), (NULL, 3)");
    EXPECT_EQ(replaced.identity, "primary key");
    EXPECT_EQ(replaced.changed, 1u) << "A for a";
    EXPECT_EQ(replaced.moved, 1u);
    EXPECT_EQ(replaced.added, 1u);
    EXPECT_EQ(replaced.removed, 0u);
}

TEST(Compare, KeysWithoutRowidArePairedUnderTheirCollations) {
    for (const std::string collation : {"nocase", "NoCase", "rtrim"}) {
        const std::string schema = format("CREATE TABLE t(k TEXT COLLATE {} PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES ('a', 1), ('b', 2);", collation);
        const auto found = only_table(schema, schema + (collation == "rtrim" ? "UPDATE t SET k = 'a  '" : "UPDATE t SET k = 'A'") + " WHERE k = 'a'");
        EXPECT_EQ(found.changed, 1u) << collation;
        EXPECT_EQ(found.added + found.removed, 0u) << collation;
    }
}

TEST(Compare, AnIndexWithoutContentThatDiffersIsNotCalledEqual) {
    const std::string schema = "CREATE VIRTUAL TABLE t USING fts5(x, content=''); INSERT INTO t(rowid, x) VALUES (1, 'word');";
    const auto found = only_table(schema, schema + "INSERT INTO t(rowid, x) VALUES (2, 'more')");
    EXPECT_NE(found.not_compared, "");
    EXPECT_EQ(only_table(schema, schema + "CREATE TABLE u(a)").not_compared, "");
}

TEST(Compare, ATableThatCannotBeReadIsToldAndTheOthersAreCompared) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute("CREATE TABLE t(a); CREATE TABLE u(a); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)"));
    Bytes bytes = tests::serialized(connection);
    const auto before = sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), bytes);
    must(connection.execute("INSERT INTO u VALUES (2)"));
    bytes = tests::serialized(connection);
    std::fill_n(bytes.begin() + 4096, 4096, std::byte{0x77});
    const auto after = sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), bytes);
    const auto found = must(compare(*before, *after, {}));
    ASSERT_EQ(found.tables.size(), 2u);
    EXPECT_NE(found.tables[0].not_compared, "");
    EXPECT_EQ(found.tables[1].added, 1u);
}

TEST(Compare, HugeValuesAreComparedInPieces) {
    const std::string schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);";
    const auto text = [](const char* end) { return format("replace(hex(zeroblob(3000000)), '0', 'x') || '{}'", end); };
    const auto found = only_table(schema + format("INSERT INTO t VALUES (1, {0}, 1), (2, {0}, 1), (3, zeroblob(7000000), 1)", text("a")),
                                  schema + format("INSERT INTO t VALUES (1, {}, 1), (2, {}, 1), (3, zeroblob(7000000), 2)", text("a"), text("b")));
    EXPECT_EQ(found.changed, 2u);
}

TEST(Compare, WhoTakesTheRowsMayEndIt) {
    class Refusing final : public ChangeSink {
        Result<void> row(const ComparedTable&, const RowChange&) override { return fail(ErrorCode::full, "no room"); }
    } sink;
    const auto before = made_by("CREATE TABLE t(a)"), after = made_by("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    EXPECT_THAT(compare(*before, *after, {.sink = &sink}), tests::FailsWith(ErrorCode::full));
    const auto late = must(compare(*before, *after, {.is_over = [] { return true; }}));
    EXPECT_NE(late.tables.at(0).not_compared, "");
}

}  // namespace
}  // namespace holdfast::rows
