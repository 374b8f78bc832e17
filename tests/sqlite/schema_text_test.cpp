#include "holdfast/sqlite/schema_text.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using tests::must;

const std::string shape = "SELECT group_concat(type || name || tbl_name || sql, char(10)) FROM (SELECT * FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name)";

TEST(SchemaText, MakesAnEmptyDatabaseOfTheSameShape) {
    auto original = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    must(original.execute("PRAGMA page_size = 1024; PRAGMA user_version = 6; PRAGMA application_id = 1234;"
                          "CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT DEFAULT ';'); CREATE TABLE \"odd \"\" name\"(x REFERENCES a);"
                          "CREATE TRIGGER before_all AFTER INSERT ON a BEGIN DELETE FROM b; END; CREATE INDEX i ON a(t) WHERE t <> ';'; CREATE VIEW v AS SELECT * FROM b;"
                          "CREATE TABLE b(y); CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO a(t) VALUES ('row'); ANALYZE;"));
    auto made = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    must(made.execute(must(schema_text(original))));
    EXPECT_EQ(must(made.text(shape)), must(original.text(shape)));
    EXPECT_EQ(must(made.integer("PRAGMA user_version")), 6);
    EXPECT_EQ(must(made.integer("PRAGMA application_id")), 1234);
    EXPECT_EQ(must(made.integer("PRAGMA page_size")), 1024);
    EXPECT_EQ(must(made.integer("SELECT count(*) FROM a")), 0);
}

TEST(SchemaText, OfAnEmptyDatabaseHasNoTables) {
    auto empty = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    EXPECT_EQ(must(schema_text(empty)).find("CREATE"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::sqlite
