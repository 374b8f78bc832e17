#include "holdfast/rows/script.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "holdfast/rows/script_tables.h"
#include "support/random_database.h"

namespace holdfast::rows {
namespace {

using tests::must;
using tests::RandomDatabase;

// A database in memory with the pages of an image, to be written to.
sqlite::Connection copy_of_image(const sqlite::Image& image) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    const Bytes bytes = tests::image_bytes(image);
    auto* own = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size() * 4));
    std::memcpy(own, bytes.data(), bytes.size());
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    EXPECT_EQ(sqlite3_deserialize(connection.handle(), "main", own, size, size * 4, SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE), SQLITE_OK);
    return connection;
}

std::unique_ptr<sqlite::Image> image_of(sqlite::Connection& connection) {
    must(connection.integer("PRAGMA schema_version"));  // before it has read anything, SQLite tells its default page size
    return sqlite::memory_image(must(sqlite::PageSize::from_bytes(static_cast<std::uint32_t>(must(connection.integer("PRAGMA page_size"))))), tests::serialized(connection));
}

std::string script_of(const sqlite::Image& before, const sqlite::Image& after, ScriptRequest request = {}) {
    auto pair = must(DatabasePair::open(before, after));
    std::string sql;
    must(write_script(pair, request, [&](std::string_view text) -> Result<void> {
        sql += text;
        return {};
    }));
    return sql;
}

std::string in_words(const Comparison& found) {
    std::string text;
    for (const auto& change : found.schema) text += format("schema {} {}: {} | {}\n", change.type, change.name, change.before, change.after);
    for (const auto& change : found.properties) text += format("{}: {} | {}\n", change.name, change.before, change.after);
    for (const auto& table : found.tables) text += format("{}: +{} -{} ~{} moved {} {}\n", table.name, table.added, table.removed, table.changed, table.moved, table.not_compared);
    return text;
}

// Every row of every table, as SQLite reads it, with its rowid; and the counters of AUTOINCREMENT.
std::string everything(const sqlite::Image& image) {
    auto connection = copy_of_image(image);
    const auto schema = must(read_schema(connection));
    std::vector<std::string> lines;
    for (const auto& table : schema.tables) {
        if (table.kind == TableKind::shadow || table.name == "sqlite_stat1") continue;
        const std::string rowid = table.kind == TableKind::virtual_table ? "rowid" : !table.rowid_name.empty() ? table.rowid_name : "NULL";
        auto rows = must(connection.prepare(format("SELECT {}, * FROM {}", table.kind == TableKind::internal ? "NULL" : rowid, sqlite::quoted_name(table.name))));
        while (must(rows.step())) {
            std::string line = table.name;
            for (int i = 0; i < rows.column_count(); ++i) {
                line += format("|{}:", static_cast<int>(rows.column_type(i)));
                line += rows.column_type(i) == sqlite::Statement::ColumnType::real ? format("{:a}", rows.column_real(i)) : std::string(text_of(rows.column_view(i)));
                if (rows.column_type(i) == sqlite::Statement::ColumnType::integer) line += format("{}", rows.column_integer(i));
            }
            lines.push_back(line);
        }
    }
    for (const auto& object : schema.objects) {
        if (object.name != "sqlite_sequence") lines.push_back("schema " + object.type + object.name + object.sql);  // SQLite drops it never
    }
    std::ranges::sort(lines);
    std::string all = must(connection.text("PRAGMA user_version"));
    for (const auto& line : lines) all += line + "\n";
    return all;
}

void expect_turns(const sqlite::Image& before, const sqlite::Image& after) {
    const std::string sql = script_of(before, after);
    auto copy = copy_of_image(before);
    const auto ran = copy.execute(sql);
    ASSERT_TRUE(ran.ok()) << ran.error().text() << "\n" << sql.substr(0, 3000);
    const auto made = image_of(copy);
    const auto left = must(compare(*made, after, {}));
    ASSERT_TRUE(left.is_equal()) << in_words(left) << sql.substr(0, 3000);
    ASSERT_EQ(everything(*made), everything(after));
    ASSERT_EQ(must(copy.text("PRAGMA integrity_check")), "ok");
}

int seeds() {
    const char* more = std::getenv("HOLDFAST_TEST_SEEDS");
    return more ? std::atoi(more) : 120;
}

TEST(Script, TurnsRandomDatabasesIntoOneAnotherBothWays) {
    int scripts = 0;
    for (int seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        RandomDatabase database(static_cast<std::uint64_t>(seed));
        const auto before = database.image();
        database.edit();
        const auto after = database.image();
        expect_turns(*before, *after);
        if (::testing::Test::HasFatalFailure()) return;
        expect_turns(*after, *before);
        if (::testing::Test::HasFatalFailure()) return;
        scripts += script_of(*before, *after).empty() ? 0 : 1;
    }
    EXPECT_GT(scripts, seeds() / 2);
}

std::unique_ptr<sqlite::Image> made_by(const std::string& sql) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    must(connection.execute(sql));
    return image_of(connection);
}

TEST(Script, DoesNotTripOverUniqueKeysThatSwap) {
    const std::string schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE, v);";
    const auto before = made_by(schema + "INSERT INTO t VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)");
    const auto after = made_by(schema + "INSERT INTO t VALUES (1, 'b', 0), (2, 'a', 0), (3, 'c', 9)");
    expect_turns(*before, *after);
    EXPECT_NE(script_of(*before, *after).find("UPDATE \"t\" SET \"v\" = 9 WHERE \"id\" = 3"), std::string::npos) << "what no key holds is changed in place";
}

TEST(Script, KeepsTriggersFromActing) {
    const std::string schema = "CREATE TABLE t(a); CREATE TABLE log(what); CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES(new.a); END;";
    expect_turns(*made_by(schema + "INSERT INTO t VALUES (1)"), *made_by(schema + "INSERT INTO t VALUES (1), (2)"));
    expect_turns(*made_by(schema), *made_by(schema + "DROP TRIGGER r; CREATE TRIGGER r AFTER DELETE ON t BEGIN DELETE FROM log; END; INSERT INTO t VALUES (7); INSERT INTO log VALUES (8)"));
}

TEST(Script, CarriesViewsIndexesAndColumnsThatChange) {
    const std::string rows = "INSERT INTO t(a, b) SELECT value, value * 2 FROM generate;";
    const std::string numbers = "CREATE TABLE generate(value); INSERT INTO generate VALUES (1), (2), (3), (4);";
    const auto before = made_by(numbers + "CREATE TABLE t(a, b);" + rows + "CREATE VIEW v AS SELECT a FROM t; CREATE INDEX i ON t(a)");
    const auto added = made_by(numbers + "CREATE TABLE t(a, b);" + rows + "ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'x, (y'; UPDATE t SET c = 'z' WHERE a = 2; CREATE VIEW v AS SELECT a, c FROM t; CREATE INDEX j ON t(c)");
    const auto swapped = made_by(numbers + "CREATE TABLE t(b, a REAL);" + rows + "CREATE VIEW w AS SELECT 1; CREATE INDEX i ON t(b DESC)");
    for (const auto* one : {&before, &added, &swapped}) {
        for (const auto* other : {&before, &added, &swapped}) expect_turns(**one, **other);
    }
    const std::string sql = script_of(*before, *added);
    EXPECT_NE(sql.find("ALTER TABLE \"t\" ADD COLUMN c TEXT DEFAULT 'x, (y'"), std::string::npos) << sql;
    EXPECT_EQ(sql.find("INSERT INTO \"t\""), std::string::npos) << "its rows stay";
}

TEST(Script, FullTextOverAnotherTableIsRebuiltAndItsOwnIsWritten) {
    const std::string schema =
        "CREATE TABLE docs(id INTEGER PRIMARY KEY, body); CREATE VIRTUAL TABLE over USING fts5(body, content='docs', content_rowid='id'); CREATE VIRTUAL TABLE own USING fts5(title, body);"
        "CREATE TRIGGER ai AFTER INSERT ON docs BEGIN INSERT INTO over(rowid, body) VALUES (new.id, new.body); END;";
    const auto before = made_by(schema + "INSERT INTO docs(body) VALUES ('red'), ('green'); INSERT INTO own VALUES ('t', 'red'), ('u', 'green')");
    const auto after = made_by(schema + "INSERT INTO docs(body) VALUES ('red'), ('blue'), ('pink'); INSERT INTO own(rowid, title, body) VALUES (1, 't', 'red'), (5, 'u', 'blue')");
    auto copy = copy_of_image(*before);
    must(copy.execute(script_of(*before, *after)));
    EXPECT_EQ(must(copy.text("SELECT group_concat(rowid) FROM over WHERE over MATCH 'blue OR pink OR green'")), "2,3");
    EXPECT_EQ(must(copy.text("SELECT group_concat(rowid) FROM own WHERE own MATCH 'blue OR green'")), "5");
    must(copy.execute("INSERT INTO over(over) VALUES('integrity-check'); INSERT INTO own(own) VALUES('integrity-check')"));
    expect_turns(*after, *before);
}

TEST(Script, SaysWhatItCannotDo) {
    const auto utf8 = made_by("CREATE TABLE t(a); INSERT INTO t VALUES ('x')"), utf16 = made_by("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(a); INSERT INTO t VALUES ('y')");
    auto pair = must(DatabasePair::open(*utf8, *utf16));
    const auto nowhere = [](std::string_view) -> Result<void> { return {}; };
    EXPECT_THAT(write_script(pair, {}, nowhere), tests::FailsWith(ErrorCode::invalid));
    const std::string schema = "CREATE VIRTUAL TABLE f USING fts5(a, content='');";
    const auto x = made_by(schema + "INSERT INTO f(rowid, a) VALUES (1, 'x')"), y = made_by(schema + "INSERT INTO f(rowid, a) VALUES (1, 'y')");
    auto contentless = must(DatabasePair::open(*x, *y));
    EXPECT_EQ(must(write_script(contentless, {}, nowhere)).warnings.size(), 1u);
    auto same = must(DatabasePair::open(*x, *x));
    EXPECT_TRUE(must(write_script(same, {}, nowhere)).warnings.empty());
}

TEST(Script, LetsAViewAndATableHaveTheSameName) {
    const auto table = made_by("CREATE TABLE t(a); INSERT INTO t VALUES (1); CREATE TABLE u(a)"), view = made_by("CREATE TABLE u(a); CREATE VIEW t AS SELECT * FROM u");
    expect_turns(*table, *view);
    expect_turns(*view, *table);
}

TEST(Script, NamesRowsByTheirKeys) {
    const std::string schema = "CREATE TABLE t(id TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('b', 2), (NULL, 3);";
    const std::string sql = script_of(*made_by(schema), *made_by(schema + "UPDATE t SET v = 9 WHERE id = 'b' OR id IS NULL; DELETE FROM t WHERE id = 'a'"));
    EXPECT_NE(sql.find("UPDATE \"t\" SET \"v\" = 9 WHERE \"id\" = 'b';"), std::string::npos) << sql;
    EXPECT_NE(sql.find("DELETE FROM \"t\" WHERE \"id\" = 'a';"), std::string::npos) << sql;
    EXPECT_NE(sql.find("SET \"v\" = 9 WHERE rowid = 3;"), std::string::npos) << sql;
}

TEST(Script, OfEqualDatabasesIsEmpty) {
    const auto image = made_by("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t(a) VALUES (1)");
    EXPECT_EQ(script_of(*image, *image), "");
}

TEST(Script, WritesOnlyTheTablesThatAreNamed) {
    const std::string schema = "CREATE TABLE a(x); CREATE TABLE b(x);";
    const auto before = made_by(schema), after = made_by(schema + "INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); CREATE INDEX i ON b(x); CREATE INDEX j ON a(x)");
    const std::string sql = script_of(*before, *after, {.tables = {"A"}});
    EXPECT_NE(sql.find("INSERT INTO \"a\""), std::string::npos);
    EXPECT_NE(sql.find("CREATE INDEX j"), std::string::npos);
    EXPECT_EQ(sql.find("\"b\""), std::string::npos) << sql;
    EXPECT_EQ(sql.find("INDEX i"), std::string::npos) << sql;
}

TEST(ColumnAdditions, AreWhatSqliteItselfMakes) {
    const auto additions = [](const std::string& before, const std::string& after) {
        const auto one = made_by(before), other = made_by(after);
        auto pair = must(DatabasePair::open(*one, *other));
        return column_additions(*pair.schema_before().find("t"), *pair.schema_after().find("t"));
    };
    EXPECT_TRUE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a); ALTER TABLE t ADD COLUMN b DEFAULT (1+1); ALTER TABLE t ADD COLUMN c"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a, UNIQUE(a))"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(b, a)"));
    EXPECT_FALSE(additions("CREATE TABLE t(a, b)", "CREATE TABLE t(a)"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a, b NOT NULL)")) << "rows may be there";
}

}  // namespace
}  // namespace holdfast::rows
