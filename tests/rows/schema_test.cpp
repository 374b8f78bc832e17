#include "holdfast/rows/schema.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "holdfast/rows/full_text.h"
#include "support/results.h"

namespace holdfast::rows {
namespace {

using tests::must;

sqlite::Connection database(const std::string& sql) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute(sql));
    return connection;
}
Schema schema_of(const std::string& sql) {
    auto connection = database(sql);
    return must(read_schema(connection));
}
Table table_of(const std::string& sql, std::string_view name = "t") {
    const auto schema = schema_of(sql);
    const Table* table = schema.find(name);
    EXPECT_NE(table, nullptr);
    return table ? *table : Table{};
}

TEST(SchemaOfRows, TellsWhatTheRowidIs) {
    const auto alias = table_of("CREATE TABLE t(a, id INTEGER PRIMARY KEY)");
    EXPECT_EQ(alias.integer_key, 1u);
    EXPECT_EQ(alias.rowid_name, "rowid");
    EXPECT_FALSE(table_of("CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a)").integer_key) << "SQLite makes an index for it";
    EXPECT_FALSE(table_of("CREATE TABLE t(id INT PRIMARY KEY, a)").integer_key);
    EXPECT_FALSE(table_of("CREATE TABLE t(id TEXT PRIMARY KEY, a)").integer_key);
    EXPECT_FALSE(table_of("CREATE TABLE t(id INTEGER, a, PRIMARY KEY(id, a))").integer_key);
    EXPECT_TRUE(table_of("CREATE TABLE t(id integer, a, PRIMARY KEY(id))").integer_key);
    EXPECT_EQ(table_of("CREATE TABLE t(RowId TEXT, a)").rowid_name, "_rowid_");
    EXPECT_EQ(table_of("CREATE TABLE t(rowid, _rowid_, oid)").rowid_name, "");
    const auto without = table_of("CREATE TABLE t(id INTEGER PRIMARY KEY, a) WITHOUT ROWID");
    EXPECT_FALSE(without.has_rowid);
    EXPECT_FALSE(without.integer_key);
    EXPECT_EQ(without.rowid_name, "");
}

TEST(SchemaOfRows, TellsColumnsWithTheirKeysAndCollations) {
    const auto table = table_of(
        "CREATE TABLE t(b TEXT COLLATE NOCASE DEFAULT 'x''y', a INTEGER NOT NULL, v INTEGER AS (a + 1), s TEXT AS (b || '!') STORED, PRIMARY KEY(a, b)) STRICT");
    EXPECT_TRUE(table.is_strict);
    EXPECT_EQ(table.key_columns(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(table.written_columns(), (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(table.columns[0].collation, "NOCASE");
    EXPECT_EQ(table.columns[0].default_sql, "'x''y'");
    EXPECT_TRUE(table.columns[1].is_not_null);
    EXPECT_FALSE(table.columns[1].default_sql);
    EXPECT_EQ(table.columns[2].generated, Generated::when_read);
    EXPECT_EQ(table.columns[3].generated, Generated::stored);
}

TEST(SchemaOfRows, TellsUniqueKeys) {
    const auto table = table_of(
        "CREATE TABLE t(id TEXT PRIMARY KEY, u UNIQUE, p, e); CREATE UNIQUE INDEX part ON t(p) WHERE p IS NOT NULL; CREATE UNIQUE INDEX expr ON t(e, lower(e)); CREATE INDEX plain ON t(e)");
    ASSERT_EQ(table.unique.size(), 4u);
    const auto key = [&](std::string_view index) { return *std::ranges::find(table.unique, index, &UniqueKey::index); };
    EXPECT_EQ(std::ranges::find(table.unique, true, &UniqueKey::is_primary_key)->columns, (std::vector<std::string>{"id"}));
    EXPECT_TRUE(key("part").is_partial && key("part").columns.empty());
    EXPECT_TRUE(key("expr").columns.empty() && !key("expr").is_partial);
}

TEST(SchemaOfRows, TellsReferencesAndWhatTheyMeanWhereItIsNotWritten) {
    const auto schema = schema_of(
        "CREATE TABLE p(a, b, PRIMARY KEY(b, a)); CREATE TABLE t(x REFERENCES q(c) ON DELETE CASCADE, y, z, FOREIGN KEY(y, z) REFERENCES P ON UPDATE SET NULL, FOREIGN KEY(z) REFERENCES gone);");
    const auto& references = schema.find("T")->references;
    ASSERT_EQ(references.size(), 3u);
    EXPECT_EQ(references[0].parent, "q");
    EXPECT_EQ(references[0].on_delete, "CASCADE");
    EXPECT_EQ(references[0].parent_columns, (std::vector<std::string>{"c"}));
    EXPECT_EQ(references[1].columns, (std::vector<std::string>{"y", "z"}));
    EXPECT_EQ(references[1].parent_columns, (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(references[1].on_update, "SET NULL");
    EXPECT_TRUE(references[2].parent_columns.empty());
}

TEST(SchemaOfRows, TellsVirtualTablesAndWhatIsTheirs) {
    const auto schema = schema_of(
        "CREATE TABLE docs(id INTEGER PRIMARY KEY AUTOINCREMENT, body);"
        "CREATE VIRTUAL TABLE \"us -- ing\" /* USING x */ USING \"FTS5\"(body, content='docs', content_rowid='id');"
        "CREATE VIRTUAL TABLE box USING rtree(id, a, b); CREATE VIRTUAL TABLE box_node_x USING rtree(id, a, b);");
    const Table* full_text = schema.find("us -- ing");
    ASSERT_NE(full_text, nullptr);
    EXPECT_EQ(full_text->kind, TableKind::virtual_table);
    EXPECT_EQ(full_text->module, "fts5");
    EXPECT_EQ(full_text->module_arguments, "body, content='docs', content_rowid='id'");
    EXPECT_EQ(schema.find("us -- ing_data")->owner, "us -- ing");
    const auto commented = schema_of("CREATE VIRTUAL TABLE f USING/* a ( */ 'fts5' -- b (\n (body /* as typed :( */, -- ' ,\n content='d', /* x */ columnsize=0)");
    ASSERT_NE(commented.find("f"), nullptr);
    EXPECT_EQ(commented.find("f")->module, "fts5");
    EXPECT_EQ(module_option(*commented.find("f"), "content"), "d");
    EXPECT_EQ(module_option(*commented.find("f"), "columnsize"), "0");
    EXPECT_EQ(schema.find("box_node")->owner, "box");
    EXPECT_EQ(schema.find("box_node_x_node")->owner, "box_node_x");
    EXPECT_EQ(schema.find("box_node")->kind, TableKind::shadow);
    EXPECT_EQ(schema.find("sqlite_sequence")->kind, TableKind::internal);
    EXPECT_TRUE(schema.find("docs")->is_autoincrement);
    EXPECT_TRUE(schema.find("us -- ing")->columns.at(1).is_hidden);
}

TEST(SchemaOfRows, ReadsAnAttachedDatabaseOfTheSameTables) {
    auto connection = database("CREATE TABLE t(a); ATTACH ':memory:' AS \"the other\"; CREATE TABLE \"the other\".t(b TEXT PRIMARY KEY, c COLLATE RTRIM)");
    const auto schema = must(read_schema(connection, "the other"));
    ASSERT_EQ(schema.tables.size(), 1u);
    EXPECT_EQ(schema.tables[0].columns.size(), 2u);
    EXPECT_EQ(schema.tables[0].columns[1].collation, "RTRIM");
    EXPECT_EQ(schema.tables[0].unique.size(), 1u);
}

TEST(SchemaOfRows, AVirtualTableThatItsModuleCannotOpenHidesItselfOnly) {
    for (const std::string damage : {"DELETE FROM f_data", "DELETE FROM f_config", "UPDATE f_config SET v = 99 WHERE k = 'version'", "DELETE FROM box_node"}) {
        SCOPED_TRACE(damage);
        const std::string path = testing::TempDir() + "hidden.db";
        std::filesystem::remove(path);
        {
            auto made = must(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create}));
            sqlite3_db_config(made.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
            must(made.execute("CREATE TABLE t(a, b); CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x'); CREATE VIRTUAL TABLE box USING rtree(id, x0, x1)"));
            must(made.execute(damage));
        }
        auto connection = must(sqlite::Connection::open(path, {}));
        const auto schema = must(read_schema(connection));
        EXPECT_EQ(schema.find("t")->columns.size(), 2u);
        ASSERT_NE(schema.find("f"), nullptr);
        ASSERT_NE(schema.find("box"), nullptr);
        EXPECT_EQ(schema.find("f")->module, "fts5");
        EXPECT_EQ(schema.find("f")->columns.empty(), !connection.execute("SELECT * FROM f WHERE f MATCH 'x'").ok());
        EXPECT_EQ(schema.find("box")->columns.empty(), !connection.execute("SELECT * FROM box").ok());
        EXPECT_TRUE(schema.find("f")->columns.empty() || schema.find("box")->columns.empty()) << "nothing was broken";
    }
}

TEST(SchemaOfRows, AModuleThatIsNotHereHidesItsTableOnly) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute("CREATE TABLE t(a)"));
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    must(connection.execute("PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(x)')"));
    must(connection.execute("PRAGMA writable_schema = RESET"));
    const auto schema = must(read_schema(connection));
    ASSERT_NE(schema.find("vec"), nullptr);
    EXPECT_EQ(schema.find("vec")->module, "vec0");
    EXPECT_TRUE(schema.find("vec")->columns.empty());
    EXPECT_EQ(schema.find("t")->columns.size(), 1u);
}

}  // namespace
}  // namespace holdfast::rows
