#include "holdfast/rows/script.h"

#include "holdfast/rows/script_tables.h"
#include "rows/script_world.h"
#include "support/random_database.h"

namespace holdfast::rows {
namespace {

using tests::RandomDatabase;

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

TEST(Script, CarriesTriggersOfViewsThatChange) {
    const std::string schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x');";
    const std::string trigger = "CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO t(a) VALUES (new.a); END;";
    const auto one = made_by(schema + "CREATE VIEW v AS SELECT id, a FROM t;" + trigger);
    const auto other = made_by(schema + "CREATE VIEW v AS SELECT a, id FROM t;" + trigger);
    const auto both_changed = made_by(schema + "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tv INSTEAD OF DELETE ON v BEGIN DELETE FROM t; END");
    const auto none = made_by(schema);
    const auto table = made_by(schema + "CREATE TABLE v(a); CREATE TRIGGER tv AFTER INSERT ON v BEGIN SELECT 1; END");
    for (const auto* before : {&one, &other, &both_changed, &none, &table}) {
        for (const auto* after : {&one, &other, &both_changed, &none, &table}) expect_turns(**before, **after);
    }
}

TEST(Script, CarriesObjectsWhoseNamesMove) {
    const std::string tables = "CREATE TABLE t(a); CREATE TABLE u(a); INSERT INTO u VALUES (1);";
    const auto on_t = made_by(tables + "CREATE INDEX x ON t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END");
    const auto on_u = made_by(tables + "CREATE INDEX x ON u(a); CREATE TRIGGER r AFTER INSERT ON u BEGIN SELECT 1; END");
    const auto alone = made_by("CREATE TABLE u(a); INSERT INTO u VALUES (1), (2); CREATE INDEX x ON u(a); CREATE TRIGGER r AFTER INSERT ON u BEGIN SELECT 1; END");
    const auto capital = made_by(tables + "CREATE INDEX X ON t(a); CREATE TRIGGER R AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIEW V AS SELECT 1 AS a");
    const auto small = made_by(tables + "CREATE INDEX x ON t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIEW v AS SELECT 1 AS a");
    for (const auto* before : {&on_t, &on_u, &alone, &capital, &small}) {
        for (const auto* after : {&on_t, &on_u, &alone, &capital, &small}) expect_turns(**before, **after);
    }
    auto pair = must(DatabasePair::open(*on_t, *on_u));
    const auto nowhere = [](std::string_view) -> Result<void> { return {}; };
    EXPECT_THAT(write_script(pair, {.tables = {"u"}}, nowhere), tests::FailsWith(ErrorCode::invalid)) << "x would have to be dropped from t, which is not asked for";
    const std::string sql = script_of(*on_t, *on_u, {.tables = {"t"}});
    EXPECT_NE(sql.find("DROP index \"x\""), std::string::npos);
    EXPECT_EQ(sql.find("CREATE INDEX"), std::string::npos) << sql;
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
    expect_turns(*before, *after);
    expect_turns(*after, *before);
}

TEST(Script, FullTextOverAViewIsRebuilt) {
    const std::string tables = "CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE other(a); INSERT INTO t VALUES (1, 'red'), (2, 'green');";
    const std::string index = "CREATE VIEW inner_v AS SELECT id, a FROM t; CREATE VIEW v AS SELECT id, a FROM inner_v; CREATE VIRTUAL TABLE f USING fts5(a, content='v', content_rowid='id');";
    const std::string build = "INSERT INTO f(f) VALUES('rebuild');";
    const auto before = made_by(tables + index + build), after = made_by(tables + index + "INSERT INTO t VALUES (3, 'zebra'); DELETE FROM t WHERE id = 1;" + build);
    const auto other_view = made_by(tables + "CREATE VIEW inner_v AS SELECT id, a || ' blue' AS a FROM t WHERE id > 1; CREATE VIEW v AS SELECT id, a FROM inner_v;"
                                             "CREATE VIRTUAL TABLE f USING fts5(a, content='v', content_rowid='id');" + build);
    const auto fts4 = made_by(tables + "CREATE VIEW v AS SELECT id AS rowid, a FROM t; CREATE VIRTUAL TABLE f USING fts4(content='v', a);" + build);
    const auto of_all_columns = made_by("CREATE TABLE t(id INTEGER PRIMARY KEY, b, a); INSERT INTO t VALUES (1, 'red', 'blue'); CREATE VIRTUAL TABLE f USING fts4(content='t');" + build);
    const auto none = made_by(tables);
    for (const auto* one : {&before, &after, &other_view, &none, &fts4, &of_all_columns}) {
        for (const auto* next : {&before, &after, &other_view, &none, &fts4, &of_all_columns}) expect_turns(**one, **next);
    }
    const auto unlike = made_by("CREATE TABLE t(a); CREATE TABLE w(a)"), with_row = made_by("CREATE TABLE t(a); CREATE TABLE w(a); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE f USING fts5(a, content='t')");
    EXPECT_EQ(script_of(*unlike, *with_row, {.tables = {"t"}}).find("\"f\""), std::string::npos) << "an index that is not asked for is not there";
}

TEST(Script, FullTextWithLanguagesKeepsThem) {
    const std::string schema = "CREATE VIRTUAL TABLE f USING fts4(a, b, languageid='lid'); INSERT INTO f(a, b, lid) VALUES ('hello', 'x', 1);";
    const auto before = made_by(schema), other_language = made_by(schema + "UPDATE f SET lid = 7"), more = made_by(schema + "INSERT INTO f(a, b, lid) VALUES ('world', 'y', 2)");
    const auto none = made_by("CREATE TABLE f(a); INSERT INTO f VALUES (3)");
    const auto languages = [](sqlite::Connection& connection) { return must(connection.text("SELECT group_concat(docid || a || b || lid) FROM f")); };
    for (const auto* one : {&before, &other_language, &more, &none}) {
        for (const auto* next : {&before, &other_language, &more}) {
            expect_turns(**one, **next);
            auto made = copy_of_image(**one), meant = copy_of_image(**next);
            must(made.execute(script_of(**one, **next)));
            EXPECT_EQ(languages(made), languages(meant));
            EXPECT_EQ(must(made.text("SELECT coalesce(group_concat(docid), '') FROM f WHERE f MATCH 'hello' AND lid = 7")), next == &other_language ? "1" : "");
        }
    }
}

TEST(Script, KeepsWhatAFullTextIndexWasTold) {
    const std::string index = "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x');";
    const auto plain = made_by(index), ranked = made_by(index + "INSERT INTO f(f, rank) VALUES ('rank', 'bm25(10.0, ''it'')'); INSERT INTO f(f, rank) VALUES ('pgsz', 512)");
    const auto otherwise = made_by(index + "INSERT INTO f(f, rank) VALUES ('rank', 'bm25(2.0)'); INSERT INTO f VALUES ('y')"), none = made_by("CREATE TABLE t(a)");
    const auto told = [](sqlite::Connection& connection) { return must(connection.text("SELECT group_concat(k || '=' || v) FROM (SELECT * FROM f_config WHERE k <> 'version' ORDER BY k)")); };
    for (const auto* one : {&plain, &ranked, &otherwise, &none}) {
        for (const auto* next : {&ranked, &otherwise}) {
            expect_turns(**one, **next);
            auto made = copy_of_image(**one), meant = copy_of_image(**next);
            must(made.execute(script_of(**one, **next)));
            if (next == &ranked) EXPECT_EQ(told(made), told(meant));
            else EXPECT_EQ(must(made.text("SELECT v FROM f_config WHERE k = 'rank'")), "bm25(2.0)");
        }
    }
    auto back = copy_of_image(*ranked);
    must(back.execute(script_of(*ranked, *plain)));
    EXPECT_EQ(told(back), "pgsz=4050,rank=bm25()") << "as SQLite has them where nobody set them";
    EXPECT_EQ(script_of(*image_of(back), *plain), "");
}

TEST(Script, EndsStatementsBehindComments) {
    const std::string schema = "CREATE TABLE t(a); INSERT INTO t VALUES (1);";
    const auto before = made_by(schema);
    const auto after = made_by(schema + "CREATE VIEW v AS SELECT 1 AS x -- it's\n; CREATE VIEW w AS SELECT 2 AS y /* so; */; CREATE INDEX i ON t(a) -- i\n; CREATE TABLE z(q) -- z\n; INSERT INTO z VALUES (1)");
    expect_turns(*before, *after);
    expect_turns(*after, *before);
    auto copy = copy_of_image(*before);
    must(copy.execute(script_of(*before, *made_by(schema + "CREATE VIEW v AS SELECT 3 AS x /* never ended")) + "INSERT INTO t VALUES (4)"));
    EXPECT_EQ(must(copy.integer("SELECT x + (SELECT max(a) FROM t) FROM v")), 7);
}

TEST(Script, AddsColumnsOnlyWhereRowsAllowIt) {
    const std::string rows = "INSERT INTO t(a) VALUES (1), (2);";
    const auto before = made_by("CREATE TABLE t(a);" + rows);
    for (const std::string column : {"b TEXT DEFAULT CURRENT_TIMESTAMP", "b NOT NULL DEFAULT NULL", "b DEFAULT (1 + 1)", "b Check(b > 5) DEFAULT 1", "b CHECK(b > a) DEFAULT 9"}) {
        const auto after = made_by("PRAGMA ignore_check_constraints = ON; CREATE TABLE t(a, " + column + "); INSERT INTO t VALUES (1, 7), (2, 8)");
        SCOPED_TRACE(column);
        expect_turns(*before, *after);
        expect_turns(*after, *before);
        EXPECT_EQ(script_of(*before, *after).find("ALTER TABLE"), std::string::npos);
    }
    const auto strict = made_by("CREATE TABLE t(a INT) STRICT;" + rows), wider = made_by("CREATE TABLE t(a INT) STRICT;" + rows + "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT 'x'");
    expect_turns(*strict, *wider);
    EXPECT_NE(script_of(*strict, *wider).find("ALTER TABLE"), std::string::npos);
}

TEST(Script, SaysWhatItCannotDo) {
    const auto utf8 = made_by("CREATE TABLE t(a); INSERT INTO t VALUES ('x')"), utf16 = made_by("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(a); INSERT INTO t VALUES ('y')");
    auto pair = must(DatabasePair::open(*utf8, *utf16));
    const auto nowhere = [](std::string_view) -> Result<void> { return {}; };
    EXPECT_THAT(write_script(pair, {}, nowhere), tests::FailsWith(ErrorCode::invalid));
    EXPECT_THAT(write_script(pair, {.tables = {"t"}}, nowhere), tests::FailsWith(ErrorCode::invalid));
    const std::string schema = "CREATE VIRTUAL TABLE f USING fts5(a, content='');";
    const auto x = made_by(schema + "INSERT INTO f(rowid, a) VALUES (1, 'x')"), y = made_by(schema + "INSERT INTO f(rowid, a) VALUES (1, 'y')");
    auto contentless = must(DatabasePair::open(*x, *y));
    EXPECT_EQ(must(write_script(contentless, {}, nowhere)).warnings.size(), 1u);
    const auto none = made_by("CREATE TABLE t(a)");
    EXPECT_EQ(script_of(*x, *none).find("INSERT"), std::string::npos);
    auto made = must(DatabasePair::open(*none, *x));
    EXPECT_EQ(must(write_script(made, {}, nowhere)).warnings.size(), 1u) << "it is made, empty";
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
    EXPECT_TRUE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a); ALTER TABLE t ADD COLUMN b DEFAULT (-1); ALTER TABLE t ADD COLUMN c"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a, b DEFAULT (1+1))")) << "SQLite takes it for no constant, and refuses it where rows are";
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a, UNIQUE(a))"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(b, a)"));
    EXPECT_FALSE(additions("CREATE TABLE t(a, b)", "CREATE TABLE t(a)"));
    EXPECT_FALSE(additions("CREATE TABLE t(a)", "CREATE TABLE t(a, b NOT NULL)")) << "rows may be there";
}

}  // namespace
}  // namespace holdfast::rows
