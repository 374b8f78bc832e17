#include "holdfast/rows/large_columns.h"
#include "holdfast/sqlite/serve_image.h"
#include "rows/rows_world.h"
#include "support/images.h"

namespace holdfast::rows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t size = 300'000;  // more than is held

class LargeValues : public RowsWorld {
protected:
    LargeColumns columns_of(const std::string& sql, const std::string& table = "t") {
        auto connection = in_memory(sql);
        const auto schema = must(read_schema(connection));
        return must(large_columns_of(connection, schema, {.then = *schema.find(table), .now = *schema.find(table)}));
    }
    // Types and bytes of all columns, as SQLite has them; and it finds nothing wrong.
    void expect_as_in_backup(const std::string& order = "1") {
        std::string list;
        const auto schema = must(read_schema(backup));
        for (const auto& column : schema.find("t")->columns) list += format(", typeof({0}), hex(CAST({0} AS BLOB))", sqlite::quoted_name(column.name));
        const std::string query = format("SELECT 1{} FROM t ORDER BY {}", list, order);
        EXPECT_TRUE(all(query) == all(backup, query));
        EXPECT_EQ(all("PRAGMA integrity_check"), "ok");
    }
};

// Every way in which the value can stand there, for every way in which the table can depend on it.
TEST_F(LargeValues, ComeBackToTheByteWhateverDependsOnThem) {
    const std::vector<std::string> tables = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b, n)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT, b BLOB)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT, n)",
        "CREATE TABLE t(id TEXT PRIMARY KEY, n, b)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, b ANY) STRICT",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b) WITHOUT ROWID",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b CHECK(length(b) > 5 AND substr(b, 1, 1) <> x'00'))",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, g AS (hex(substr(b, 1, 4))), n, b, h AS (substr(b, -9)) STORED)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b); CREATE INDEX i ON t(b)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b UNIQUE)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b); CREATE INDEX i ON t(n, substr(b, 1, 9))",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b); CREATE INDEX i ON t(n) WHERE substr(b, 1, 1) <> x'00'",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b REFERENCES p(b)); CREATE TABLE p(b UNIQUE)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n, b); CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET n = n + 100 WHERE id = new.id; END",
    };
    const std::vector<std::string> changes = {"DELETE FROM t WHERE id = 2",
                                              "UPDATE t SET b = NULL WHERE id = 2",
                                              "UPDATE t SET b = 7 WHERE id = 2",
                                              "UPDATE t SET b = CAST(b AS TEXT) WHERE id = 2",
                                              "UPDATE t SET b = CAST(b AS BLOB) WHERE id = 3",
                                              "UPDATE t SET b = substr(b, 1, 270000) WHERE id = 2",
                                              "UPDATE t SET b = substr(b, 1, 10) WHERE id = 2",
                                              "UPDATE t SET b = CAST(b || b AS BLOB) WHERE id = 2",
                                              "UPDATE t SET b = CAST(substr(b, 1, 290000) || x'7a' || substr(b, 290002) AS BLOB) WHERE id = 2",
                                              "UPDATE t SET b = substr(b, 1, 300000) || 'z' WHERE id = 3",
                                              "UPDATE t SET n = 99 WHERE id IN (2, 3)"};
    for (const auto& table : tables) {
        for (const auto& encoding : {"UTF-8", "UTF-16le"}) {
            for (const auto& change : changes) {
                SCOPED_TRACE(format("{}; {}; {}", table, encoding, change));
                if (encoding != std::string("UTF-8") && &table - tables.data() > 3) continue;
                if (table.find("CHECK") != std::string::npos && (change.find("NULL") != std::string::npos || change.find("= 7") != std::string::npos)) continue;
                backup = in_memory(format("PRAGMA encoding = '{}'; {};", encoding, table) +
                                   format("INSERT INTO t(id, n, b) VALUES (1, 1, x'616263646566'), (2, 2, CAST('a' || hex(randomblob({0})) || 'ab' AS BLOB)), (3, 3, 'b' || hex(randomblob({0})));", size / 2));
                if (table.find("REFERENCES") != std::string::npos) must(backup.execute("INSERT INTO p SELECT b FROM t"));
                now = in_memory(format("PRAGMA encoding = '{}'; {}", encoding, table));
                for (const auto& name : {"p", "t"}) {
                    if (name == std::string("p") && table.find("REFERENCES") == std::string::npos) continue;
                    const auto columns = name == std::string("p") ? "b" : "id, n, b";
                    auto from = must(backup.prepare(format("SELECT {} FROM {} ORDER BY rowid", columns, table.find("WITHOUT") == std::string::npos ? name : "(SELECT *, id AS rowid FROM t)")));
                    auto into = must(now.prepare(format("INSERT INTO {}({}) VALUES ({})", name, columns, name == std::string("p") ? "?" : "?, ?, ?")));
                    while (must(from.step())) {
                        for (int i = 0; i < from.column_count(); ++i) must(into.bind_value(i + 1, from.column_value(i)));
                        must(into.step());
                        into.reset();
                    }
                }
                expect_as_in_backup();
                if (table.find("TRIGGER") != std::string::npos) must(now.execute("DROP TRIGGER x"));
                must(now.execute(change));
                if (table.find("TRIGGER") != std::string::npos) must(now.execute(table.substr(table.find("CREATE TRIGGER"))));
                const auto brought = of(bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::replace}), "t").rows;
                EXPECT_GE(brought.inserted + brought.updated, 1u);
                EXPECT_EQ(brought.inserted + brought.updated + brought.unchanged, 3u);
                expect_as_in_backup();
                EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.unchanged = 3}));
            }
        }
    }
}

TEST_F(LargeValues, AnIndexThatATriggerWritesSeesTheValueItself) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, n, b); CREATE VIRTUAL TABLE f USING fts5(b, content='');"
         "CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO f(rowid, b) VALUES (new.id, CAST(new.b AS TEXT)); END;"
         "CREATE TRIGGER y AFTER DELETE ON t BEGIN INSERT INTO f(f, rowid, b) VALUES ('delete', old.id, CAST(old.b AS TEXT)); END;");
    must(backup.execute(format("INSERT INTO t VALUES (1, 1, CAST(replace(hex(zeroblob({})), '00', 'word ') AS BLOB))", size / 5)));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 1}));
    EXPECT_EQ(all("SELECT rowid FROM f WHERE f MATCH 'word'"), "1");
    expect_as_in_backup();
}

// After a row with a large value reading begins anew behind it.
TEST_F(LargeValues, RowsAtBothEndsOfAllNumbersComeOnce) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
    must(backup.execute("INSERT INTO t SELECT value, randomblob(300000) FROM json_each('[-9223372036854775808, -5, 0, 1, 9223372036854775806, 9223372036854775807]')"));
    must(backup.execute("INSERT INTO t VALUES (2, 'small'), (3, 'small')"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 8}));
    expect_as_in_backup();
    must(now.execute("DELETE FROM t"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = "length(b) > 5 AND id <> 1", .keys = {}}), "t").rows, (WrittenCounts{.inserted = 5}));
}

TEST_F(LargeValues, ARowThatGetsAnotherRowidIsTheOneThatIsFilled) {
    both("CREATE TABLE t(id TEXT PRIMARY KEY, b)");
    must(backup.execute("INSERT INTO t VALUES ('a', randomblob(1500000)), ('b', randomblob(1500000))"));
    must(now.execute("INSERT INTO t(id, b) VALUES ('other', randomblob(1500000)); UPDATE t SET rowid = 2"));
    const auto other = all("SELECT hex(b) FROM t");
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 2, .new_rowids = 1}));
    EXPECT_TRUE(all("SELECT hex(b) FROM t WHERE id = 'other'") == other);
    must(now.execute("DELETE FROM t WHERE id = 'other'"));
    expect_as_in_backup();
}

// They wait for each other's unique values, and step aside.
TEST_F(LargeValues, RowsThatWaitKeepTheirs) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE, b)");
    must(backup.execute("INSERT INTO t VALUES (1, 'x', randomblob(1500000)), (2, 'y', hex(randomblob(400000)))"));
    must(now.execute("INSERT INTO t VALUES (1, 'y', randomblob(1500000)), (2, 'x', zeroblob(300000))"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::replace}), "t").rows, (WrittenCounts{.updated = 2}));
    expect_as_in_backup();
}

TEST_F(LargeValues, TheSameContentUnderAnotherRowidIsSeen) {
    both("CREATE TABLE t(n, b)");
    must(backup.execute("INSERT INTO t(rowid, n, b) VALUES (1, 1, zeroblob(1500000))"));
    must(now.execute("INSERT INTO t(rowid, n, b) VALUES (5, 1, zeroblob(1500000))"));
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::exists));
    must(now.execute("UPDATE t SET b = CAST(zeroblob(1499999) || x'01' AS BLOB)"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 1}));
}

// '12' in a column of numbers: rows are compared after they were written, so that nothing of them is left in place.
TEST_F(LargeValues, AColumnOfAnotherTypeNowMakesNoChangeUnseen) {
    must(backup.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT, b); INSERT INTO t VALUES (1, '12', randomblob(1500000))"));
    must(now.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, b); INSERT INTO t VALUES (1, 12, zeroblob(1500000))"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 1}));
    EXPECT_TRUE(all("SELECT hex(b) FROM t") == all(backup, "SELECT hex(b) FROM t"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.unchanged = 1}));
}

// Else the table there would be dropped, and made again of what cannot be read.
TEST_F(LargeValues, DamageInTheBackupIsNotTakenForDamageThere) {
    const std::string sql = "PRAGMA page_size = 4096; CREATE TABLE t(id INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, randomblob(1500000));";
    auto bytes = tests::database_bytes(sql);
    std::fill_n(bytes.begin() + 100 * 4096, 4, std::byte{0x7f});  // where its content goes on
    const auto image = tests::image_of(bytes);
    const auto served = must(sqlite::serve_image(*image));
    for (const char* change : {"DELETE FROM t", "UPDATE t SET b = zeroblob(1500000)"}) {
        now = in_memory(std::string(sql) + change);
        backup = must(served->connect());
        EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::corrupt));
        EXPECT_FALSE(state.is_damage_there);
        backup = in_memory();
    }
}

TEST_F(LargeValues, WhatSqliteComputesFromAValueIsNotFilledLater) {
    const auto plain = columns_of("CREATE TABLE t(id INTEGER PRIMARY KEY, checksum, b, checked); CREATE INDEX i ON t(checked)");
    EXPECT_THAT(plain.left_in_place, ElementsAre("b", "checked", "checksum"));
    EXPECT_THAT(plain.filled_later, ElementsAre("b", "checksum"));
    EXPECT_THAT(columns_of("CREATE TABLE t(id INTEGER PRIMARY KEY, b, CONSTRAINT c CHECK(b))").filled_later, IsEmpty());
    EXPECT_THAT(columns_of("CREATE TABLE t(n, b); CREATE INDEX i ON t(n) WHERE b > 1").filled_later, IsEmpty());
    EXPECT_THAT(columns_of("CREATE TABLE t(n, b); CREATE INDEX i ON t(n + b)").filled_later, IsEmpty());
    EXPECT_THAT(columns_of("CREATE TABLE t(n, b); CREATE TEMP TRIGGER x AFTER INSERT ON main.t BEGIN SELECT new.b; END").filled_later, IsEmpty());
    EXPECT_THAT(columns_of("CREATE TABLE t(n UNIQUE, b REFERENCES p(x), c, x); CREATE TABLE p(x UNIQUE, y REFERENCES t(n), z REFERENCES t(c))").left_in_place, ElementsAre("x"));
    for (const char* sql : {"CREATE TABLE t(n, b, g AS (n))", "CREATE TABLE t(n PRIMARY KEY, b) WITHOUT ROWID", "CREATE TABLE t(rowid, _rowid_, oid, b)"}) EXPECT_THAT(columns_of(sql).left_in_place, IsEmpty()) << sql;
}

}  // namespace
}  // namespace holdfast::rows
