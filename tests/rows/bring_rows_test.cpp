#include "holdfast/rows/bring_rows.h"

#include "rows/rows_world.h"

namespace holdfast::rows {
namespace {

using ::testing::HasSubstr;
using ::testing::Test;

class BringRows : public RowsWorld {};

constexpr const char* family =
    "CREATE TABLE sessions(id TEXT PRIMARY KEY, status TEXT);"
    "CREATE TABLE events(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES Sessions(ID) ON DELETE CASCADE, what TEXT);"
    "CREATE TABLE details(event_id INTEGER REFERENCES events ON DELETE CASCADE, n INTEGER, text TEXT, PRIMARY KEY(event_id, n)) WITHOUT ROWID;"
    "CREATE TABLE points(point TEXT NOT NULL UNIQUE, session_id TEXT REFERENCES sessions(id) ON DELETE SET NULL, id INTEGER PRIMARY KEY);"
    "CREATE TABLE uses(id INTEGER PRIMARY KEY, point TEXT REFERENCES points(point) ON DELETE CASCADE);"
    "INSERT INTO sessions VALUES('a', 'done'), ('b', 'done');"
    "INSERT INTO events VALUES(1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'z');"
    "INSERT INTO details VALUES(1, 1, 'p'), (1, 2, 'q'), (3, 1, 'r');"
    "INSERT INTO points VALUES('cp1', 'a', 1), ('cp2', 'b', 2);"
    "INSERT INTO uses VALUES(1, 'cp1'), (2, 'cp2'), (3, NULL);";

TEST_F(BringRows, ADeletedRowComesBackWithAllThatDependsOnIt) {
    both(family);
    must(now.execute("PRAGMA foreign_keys = ON; DELETE FROM sessions WHERE id = 'a'; DELETE FROM uses WHERE id = 1; UPDATE events SET what = 'new' WHERE id = 3"));
    const auto brought = bring({.tables = {"SESSIONS"}, .where = {}, .keys = {"a"}, .with_related = true});
    EXPECT_EQ(of(brought, "sessions").rows, (WrittenCounts{.inserted = 1}));
    EXPECT_EQ(of(brought, "events").rows, (WrittenCounts{.inserted = 2}));
    EXPECT_EQ(of(brought, "details").rows, (WrittenCounts{.inserted = 2}));
    EXPECT_EQ(of(brought, "points").rows, (WrittenCounts{.updated = 1}));
    EXPECT_EQ(of(brought, "uses").rows, (WrittenCounts{.inserted = 1}));
    for (const char* table : {"sessions", "details", "points", "uses"}) EXPECT_EQ(all(format("SELECT * FROM {} ORDER BY 1, 2", table)), all(backup, format("SELECT * FROM {} ORDER BY 1, 2", table)));
    EXPECT_EQ(all("SELECT what FROM events ORDER BY id"), "x y new");
    EXPECT_EQ(all("PRAGMA foreign_key_check"), "");
}

// The recipe that people use wipes out what the row already has.
TEST_F(BringRows, WhatIsThereIsChangedInPlace) {
    both(family);
    must(now.execute("UPDATE sessions SET status = 'spoiled' WHERE id = 'a'; INSERT INTO events VALUES(9, 'a', 'since')"));
    auto recipe = in_memory(std::string(family) + "PRAGMA foreign_keys = ON; INSERT OR REPLACE INTO sessions VALUES('a', 'done')");
    EXPECT_EQ(must(recipe.integer("SELECT count(*) FROM events WHERE session_id = 'a'")), 0) << "it does cascade";
    const auto brought = bring({.tables = {"sessions"}, .where = "status = 'done'", .keys = {}});
    EXPECT_EQ(of(brought, "sessions").rows, (WrittenCounts{.updated = 1, .unchanged = 1}));
    EXPECT_EQ(all("SELECT id || status FROM sessions"), "adone bdone");
    EXPECT_EQ(all("SELECT count(*) FROM events"), "4");
}

// A database that was begun anew gives the same numbers to other rows.
TEST_F(BringRows, RowsThatOnlyShareANumberAreNotReplaced) {
    both(family);
    must(now.execute("PRAGMA foreign_keys = ON; DELETE FROM sessions; DELETE FROM details; DELETE FROM uses; INSERT INTO sessions VALUES('new', 'now'); INSERT INTO events VALUES(1, 'new', 'mine')"));
    const RowsWanted wanted{.tables = {"sessions"}, .where = {}, .keys = {"a"}, .with_related = true};
    const auto refused = try_to_bring(wanted);
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_NE(refused.error().message().find("given the same numbers: restore rows of events: one is there with another content: events 1"), std::string::npos) << refused.error().message();
    EXPECT_EQ(of(bring(wanted, {.on_conflict = OnConflict::keep}), "events").rows, (WrittenCounts{.inserted = 1, .kept = 1}));
    EXPECT_EQ(all("SELECT id, session_id FROM events ORDER BY id"), "1|new 2|a");
    // One reference that is the same says that it is the same row.
    both("CREATE TABLE runs(id INTEGER PRIMARY KEY, session TEXT REFERENCES sessions(id), event INTEGER REFERENCES events(id), n)");
    must(backup.execute("INSERT INTO runs VALUES(1, 'a', 1, 'then')"));
    must(now.execute("INSERT INTO runs VALUES(1, 'a', 2, 'now')"));
    EXPECT_EQ(of(bring({.tables = {"runs"}, .where = {}, .keys = {}}), "runs").rows, (WrittenCounts{.updated = 1}));
}

TEST_F(BringRows, AReferenceToNothingRefusesAll) {
    both(family);
    must(now.execute("DELETE FROM events; DELETE FROM sessions WHERE id = 'a'"));
    const auto refused = try_to_bring({.tables = {"events"}, .where = {}, .keys = {"1", "3"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(refused.error().message(), "restore events 1: it refers to Sessions 'a', which is not there");
    const auto brought = bring({.tables = {"events"}, .where = {}, .keys = {"1", "3"}}, {.with_parents = true});
    EXPECT_EQ(of(brought, "sessions").parents, 1u);
    EXPECT_EQ(of(brought, "sessions").rows, (WrittenCounts{.inserted = 1}));
    EXPECT_EQ(all("SELECT id FROM events"), "1 3") << "a parent brings none of its other children";
    EXPECT_EQ(all("PRAGMA foreign_key_check"), "");
}

TEST_F(BringRows, AParentThatIsThereStaysAsItIs) {
    both(family);
    must(now.execute("DELETE FROM events; UPDATE sessions SET status = 'later'"));
    const auto brought = bring({.tables = {"events"}, .where = {}, .keys = {}}, {.with_parents = true});
    EXPECT_EQ(of(brought, "sessions").parents, 0u);
    EXPECT_EQ(all("SELECT DISTINCT status FROM sessions"), "later");
    must(now.execute("DELETE FROM uses; UPDATE points SET point = 'other' WHERE id = 1"));
    const auto refused = try_to_bring({.tables = {"uses"}, .where = {}, .keys = {"1"}}, {.with_parents = true});
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_EQ(refused.error().message(), "restore uses 1: restore points 1, which other rows need: another row has its key now");
}

TEST_F(BringRows, AKeyThatOthersReferToIsNotTakenAway) {
    both(family);
    must(now.execute("UPDATE points SET point = 'renamed' WHERE id = 1; UPDATE uses SET point = 'renamed' WHERE id = 1"));
    const auto refused = try_to_bring({.tables = {"points"}, .where = {}, .keys = {"1"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(refused.error().message(), "restore points 'renamed': rows of uses refer to it by what it was called");
    EXPECT_EQ(of(bring({.tables = {"points", "uses"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::replace}), "points").rows, (WrittenCounts{.updated = 1, .unchanged = 1})) << "together they fit";
    EXPECT_EQ(all("PRAGMA foreign_key_check"), "");
}

TEST_F(BringRows, CyclesAndSelfReferencesEnd) {
    both("CREATE TABLE people(id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people, team INTEGER REFERENCES teams(id));"
         "CREATE TABLE teams(id INTEGER PRIMARY KEY, lead INTEGER REFERENCES people);"
         "INSERT INTO people VALUES(1, 1, 1), (2, 1, 1), (3, 2, 2), (4, 4, NULL), (5, NULL, 3);"
         "INSERT INTO teams VALUES(1, 2), (2, 1), (3, 5)");
    must(now.execute("DELETE FROM people; DELETE FROM teams"));
    bring({.tables = {"people"}, .where = "id = 2", .keys = {}, .with_related = true}, {.with_parents = true});
    EXPECT_EQ(all("SELECT id FROM people"), "1 2 3");
    EXPECT_EQ(all("SELECT id FROM teams"), "1 2");
    EXPECT_EQ(all("PRAGMA foreign_key_check"), "");
}

TEST_F(BringRows, ConflictsAreKeptOrFailOnRequest) {
    both("CREATE TABLE t(id TEXT PRIMARY KEY, a); INSERT INTO t VALUES('x', 1), ('y', 2), ('z', 3)");
    must(now.execute("UPDATE t SET a = 10 WHERE id = 'x'; UPDATE t SET a = 2.0 WHERE id = 'y'; DELETE FROM t WHERE id = 'z'"));
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::fail});
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_EQ(refused.error().message(), "restore rows of t: 2 are there with another content: t 'x', t 'y'") << "2 and 2.0 are not the same";
    const auto kept = bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::keep});
    EXPECT_EQ(of(kept, "t").rows, (WrittenCounts{.inserted = 1, .kept = 2}));
    EXPECT_EQ(all("SELECT a FROM t ORDER BY id"), "10 2.0 3");
    const auto replaced = bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_EQ(of(replaced, "t").rows, (WrittenCounts{.updated = 2, .unchanged = 1}));
    EXPECT_EQ(all("SELECT a || typeof(a) FROM t ORDER BY id"), "1integer 2integer 3integer");
    must(backup.execute("UPDATE t SET a = -1e-400 WHERE id = 'x'"));  // -0.0
    must(now.execute("UPDATE t SET a = 0.0 WHERE id = 'x'"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = "id = 'x'", .keys = {}}), "t").rows, (WrittenCounts{.updated = 1}));
}

TEST_F(BringRows, UniqueValuesOfOtherRowsAreNotTaken) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT REPLACE, place INTEGER); CREATE UNIQUE INDEX places ON t(place); INSERT INTO t VALUES(1, 'one', 1), (2, 'two', 2)");
    must(now.execute("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES(7, 'one', 7)"));
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_EQ(refused.error().message(), "restore t 1: t 7 has its name");
    const auto kept = bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::keep});
    EXPECT_EQ(of(kept, "t").rows, (WrittenCounts{.unchanged = 1, .left_out = 1}));
    EXPECT_EQ(all("SELECT id FROM t"), "2 7") << "the table's own ON CONFLICT REPLACE deletes nothing";
}

// Each needs the value that the next one lets go of.
TEST_F(BringRows, ValuesThatMovedAlongComeBack) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, place INTEGER UNIQUE); INSERT INTO t VALUES(1, 1), (2, 2), (3, 3)");
    must(now.execute("UPDATE t SET place = 9 WHERE id = 1; UPDATE t SET place = 1 WHERE id = 2; UPDATE t SET place = 2 WHERE id = 3"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 3}));
    EXPECT_EQ(all("SELECT place FROM t ORDER BY id"), "1 2 3");
    must(now.execute("UPDATE t SET place = 9 WHERE id = 1; UPDATE t SET place = 1 WHERE id = 2; UPDATE t SET place = 2 WHERE id = 1"));
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {"1"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists)) << "the other one stays as it is";
}

// Each holds what the next one needs, and the last what the first does.
TEST_F(BringRows, ARingOfUniqueValuesComesBack) {
    for (const char* column : {"place UNIQUE", "place INTEGER NOT NULL UNIQUE CHECK (typeof(place) = 'integer')", "place BLOB NOT NULL UNIQUE CHECK (typeof(place) IN ('blob', 'integer')), x REFERENCES t(place)"}) {
        backup = in_memory();
        now = in_memory();
        both(format("CREATE TABLE t(id INTEGER PRIMARY KEY, {}); CREATE TABLE c(t REFERENCES t(place)); INSERT INTO t(id, place) VALUES(1, 1), (2, 2), (3, 3), (4, 4), (5, 5); INSERT INTO c VALUES(1), (2)", column));
        must(now.execute("UPDATE t SET place = -place; UPDATE t SET place = CASE place WHEN -1 THEN 2 WHEN -2 THEN 3 WHEN -3 THEN 1 WHEN -4 THEN 5 ELSE 4 END"));
        EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 5})) << column;
        EXPECT_EQ(all("SELECT place FROM t ORDER BY id"), "1 2 3 4 5");
    }
    // What one of the ring was called by then nobody is called by: a reference to it is found, whatever it was called between.
    both("CREATE TABLE u(id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b INTEGER UNIQUE); INSERT INTO u VALUES(1, 1, 1), (2, 2, 2); CREATE TABLE d(b REFERENCES u(b))");
    must(now.execute("UPDATE u SET a = -a, b = -b; UPDATE u SET a = 3 + a, b = 10 * id; INSERT INTO d VALUES(20)"));
    const auto refused = try_to_bring({.tables = {"u"}, .where = {}, .keys = {}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(refused.error().message(), "restore u 20: rows of d refer to it by what it was called");
}

TEST_F(BringRows, AnIndexFollowsARing) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE); CREATE VIRTUAL TABLE f USING fts5(name, content = t, content_rowid = id);"
         "CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO f(rowid, name) VALUES(new.id, new.name); END;"
         "CREATE TRIGGER b AFTER UPDATE ON t BEGIN INSERT INTO f(f, rowid, name) VALUES('delete', old.id, old.name); INSERT INTO f(rowid, name) VALUES(new.id, new.name); END;"
         "CREATE TRIGGER c AFTER DELETE ON t BEGIN INSERT INTO f(f, rowid, name) VALUES('delete', old.id, old.name); END;"
         "INSERT INTO t VALUES(1, 'one'), (2, 'two'), (3, 'three')");
    must(now.execute("UPDATE t SET name = id; UPDATE t SET name = CASE id WHEN 1 THEN 'two' WHEN 2 THEN 'three' ELSE 'one' END"));
    EXPECT_EQ(bring({.tables = {"t"}, .where = {}, .keys = {}}).indexes, (std::vector<KeptIndex>{{"f", KeptIndex::How::verified}}));
    EXPECT_EQ(all("SELECT rowid FROM f('two')") + all("SELECT count(*) FROM f('aside')"), "20");
}

// However they were ordered anew, each row takes a few statements.
TEST_F(BringRows, ThousandsOfRowsThatMovedTakeAFewStatementsEach) {
    constexpr int rows = 3000;
    const std::string orders[] = {"SET place = place - 1", "SET place = 3001 - place", "SET place = 1 + (place * 7) % 3000", "SET place = 1 + place % 3000"};
    for (const auto& order : orders) {
        for (const char* column : {"place INTEGER NOT NULL UNIQUE CHECK (place > -3001)", "place UNIQUE, x TEXT, CONSTRAINT one UNIQUE(x)"}) {
            backup = in_memory();
            now = in_memory();
            both(format("CREATE TABLE t(id INTEGER PRIMARY KEY, {});", column) + many("t(id, place)", "n, n", rows));
            must(now.execute(format("CREATE TABLE moved AS SELECT id, place FROM t; UPDATE moved {}; UPDATE t SET place = -place; UPDATE OR REPLACE t SET place = (SELECT place FROM moved WHERE moved.id = t.id)", order)));
            std::int64_t statements = 0;
            const auto count = [](unsigned, void* counted, void*, void*) noexcept -> int {
                ++*static_cast<std::int64_t*>(counted);
                return 0;
            };
            sqlite3_trace_v2(now.handle(), SQLITE_TRACE_STMT, count, &statements);
            const auto brought = bring({.tables = {"t"}, .where = {}, .keys = {}});
            sqlite3_trace_v2(now.handle(), 0, nullptr, nullptr);
            EXPECT_EQ(all("SELECT count(*) FROM t WHERE id = place"), "3000") << order;
            EXPECT_GT(of(brought, "t").rows.updated, 1000u) << order;
            EXPECT_LT(statements, 20 * rows) << order;
        }
    }
}

// Who holds a value of a partial key, or one of expressions, is not known: rows wait until others have changed.
TEST_F(BringRows, RowsWaitForValuesWhoseHolderIsNotKnown) {
    const auto place = [&](int rows, const std::string& key, const std::string& moved) {
        backup = in_memory();
        now = in_memory();
        both("CREATE TABLE t(id INTEGER PRIMARY KEY, place INTEGER NOT NULL); CREATE UNIQUE INDEX places ON " + key + ";" + many("t", "n, n", rows));
        must(now.execute("UPDATE t SET place = -place; UPDATE t SET place = " + moved));
        const auto brought = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}});
        return brought ? all("SELECT count(*) FROM t WHERE id = place") : brought.error().message();
    };
    for (const char* key : {"t(place) WHERE place <> 0", "t(place + 1)"}) {
        EXPECT_EQ(place(3000, key, "-place - 1"), "3000") << key;
        EXPECT_EQ(place(3000, key, "-place + 1"), "3000") << key;
        EXPECT_EQ(place(2, key, "3 + place"), "restore t 2: another row has a value that must be unique") << key;
    }
    EXPECT_EQ(place(100'010, "t(place) WHERE place <> 0", "-place - 1"), "restore rows of t: 100001 of them wait for others to let go of unique values");
}

// To step aside is not to refer to something else: these are the same rows.
TEST_F(BringRows, ARowThatSteppedAsideIsJudgedByWhatItWas) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES(1), (2); CREATE TABLE t(id INTEGER PRIMARY KEY, p REFERENCES p, q REFERENCES p, n, UNIQUE(p, n)); INSERT INTO t VALUES(1, 1, 1, 1), (2, 1, 2, 2)");
    must(now.execute("UPDATE t SET n = 9 WHERE id = 1; UPDATE t SET n = 1, q = 1 WHERE id = 2; UPDATE t SET n = 2, q = 2 WHERE id = 1"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 2}));
    EXPECT_EQ(all("SELECT * FROM t"), all(backup, "SELECT * FROM t"));
    both("CREATE TABLE o(id INTEGER PRIMARY KEY, p UNIQUE REFERENCES p); INSERT INTO o VALUES(1, 1), (2, 2)");
    must(now.execute("UPDATE o SET p = NULL; UPDATE o SET p = 3 - id"));
    const auto others = try_to_bring({.tables = {"o"}, .where = {}, .keys = {}});
    ASSERT_THAT(others, FailsWith(ErrorCode::exists));
    EXPECT_NE(others.error().message().find("2 are there with another content: o 1, o 2"), std::string::npos) << others.error().message();
    must(now.execute("UPDATE o SET p = NULL WHERE id = 1; UPDATE o SET p = 1 WHERE id = 2"));
    const auto other = try_to_bring({.tables = {"o"}, .where = {}, .keys = {}});
    ASSERT_THAT(other, FailsWith(ErrorCode::exists)) << "2 referred to something else before it stepped aside";
    EXPECT_NE(other.error().message().find("given the same numbers: restore rows of o: one is there with another content: o 2"), std::string::npos) << other.error().message();
    EXPECT_EQ(of(bring({.tables = {"o"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::replace}), "o").rows, (WrittenCounts{.updated = 2}));
}

TEST_F(BringRows, RowsThatAreOneNowAreNotMixed) {
    const auto refused = [&](const std::string& then, const std::string& table) {
        backup = in_memory("CREATE TABLE t(k TEXT PRIMARY KEY, a); " + then);
        now = in_memory(table);
        const auto brought = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}});
        return brought ? "it was brought" : brought.error().message();
    };
    const std::string words = ": in the backup they are two rows, and by the key of the table now they are one";
    const std::string numbers = "INSERT INTO t VALUES('007', 'x'), ('7', 'y')", letters = "INSERT INTO t VALUES('A', 'x'), ('a', 'y')";
    EXPECT_EQ(refused(numbers, "CREATE TABLE t(k INTEGER PRIMARY KEY, a)"), "restore t '007' and t '7'" + words);
    EXPECT_EQ(refused(numbers, "CREATE TABLE t(k INTEGER, a, PRIMARY KEY(k)) WITHOUT ROWID; INSERT INTO t VALUES(7, 'live')"), "restore t '007' and t '7'" + words);
    for (const char* more : {"", " WITHOUT ROWID", "; INSERT INTO t VALUES('a', 'live')"}) EXPECT_EQ(refused(letters, format("CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, a){}", more)), "restore t 'A' and t 'a'" + words) << more;
    EXPECT_EQ(refused("INSERT INTO t VALUES('7', 'x'), ('8', 'y')", "CREATE TABLE t(k INTEGER PRIMARY KEY, a)"), "it was brought");
    EXPECT_EQ(refused("INSERT INTO t VALUES('a', 'x'), ('b', 'X')", "CREATE TABLE t(k TEXT PRIMARY KEY, a UNIQUE COLLATE NOCASE); INSERT INTO t VALUES('a', 'live')"), "restore t 'b': t 'a' has its a");
}

// More than may wait: where it is known who holds a value, none does.
TEST_F(BringRows, NoRowIsForgottenHoweverManyThereAre) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, name UNIQUE); WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100010) INSERT INTO t SELECT n, n FROM n");
    must(now.execute("UPDATE t SET id = -id WHERE id <= 100005; DELETE FROM t WHERE id > 100005"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::keep}), "t").rows, (WrittenCounts{.inserted = 5, .left_out = 100005}));
    must(now.execute("DELETE FROM t;" + many("t", "n, n - 1", 100'010)));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 100010}));
}

TEST_F(BringRows, WhatCannotBeWrittenIsAdvised) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, n, m CHECK (m > 0) DEFAULT 1); INSERT INTO t VALUES(1, 'one', 1); CREATE VIEW v AS SELECT * FROM t; CREATE VIRTUAL TABLE f USING fts5(n);"
         "CREATE TABLE s(id INTEGER PRIMARY KEY, x); CREATE INDEX si ON s(x);"
         "CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO f(rowid, n) VALUES(new.id, new.n); END; CREATE TRIGGER b AFTER DELETE ON t BEGIN DELETE FROM f WHERE rowid = old.id; END");
    const auto advice = [&](const RowsWanted& wanted) {
        const auto refused = try_to_bring(wanted);
        return refused ? "it was brought" : refused.error().text();
    };
    const RowsWanted t{.tables = {"t"}, .where = {}, .keys = {}};
    EXPECT_EQ(advice({.tables = {"V"}, .where = {}, .keys = {}}), "restore the table V: it is a view, and has no rows of its own; --table names the tables that it reads");
    EXPECT_THAT(advice({.tables = {"t"}, .where = {}, .keys = {"nope"}}), HasSubstr("the backup has none with that key; the key is of the column \"id\"; --where finds rows by other columns"));
    EXPECT_THAT(advice({.tables = {"t"}, .where = "nosuch = 1", .keys = {}}), HasSubstr("read --where nosuch = 1: SQLite says: no such column: nosuch; an SQL"));
    must(now.execute("DELETE FROM t; INSERT INTO f(rowid, n) VALUES(1, 'one')"));
    EXPECT_EQ(advice(t), "it was brought") << "an index that has an entry for the row already is not in its way";
    must(now.execute("DELETE FROM f; DROP TRIGGER a; ALTER TABLE t DROP COLUMN m; ALTER TABLE t ADD COLUMN z NOT NULL DEFAULT 1; CREATE TABLE new(id INTEGER PRIMARY KEY, n, z NOT NULL); DROP VIEW v; DROP TABLE t; ALTER TABLE new RENAME TO t"));
    EXPECT_THAT(advice(t), HasSubstr("give the column a default"));
    must(now.execute("DROP TABLE t; CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER) STRICT"));
    EXPECT_THAT(advice(t), HasSubstr("the table takes other types than at the time of the backup"));
    must(now.execute("DROP TABLE s; CREATE INDEX si ON t(n)"));
    EXPECT_THAT(advice({.tables = {"s"}, .where = {}, .keys = {}}), HasSubstr("something else has its name now: rename that first"));
}

TEST_F(BringRows, WhatATypeMakesOfAValueIsTheSameValue) {
    must(backup.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t VALUES(1, '12'), (2, '13')"));
    must(now.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES(1, 12), (2, 12)"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.updated = 1, .unchanged = 1}));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.unchanged = 2}));
    EXPECT_EQ(all("SELECT n, typeof(n) FROM t"), "12|integer 13|integer");
}

TEST_F(BringRows, ConstraintsNameTheRow) {
    must(backup.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES(1, 5), (2, -5)"));
    must(now.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n CHECK (n > 0), needed NOT NULL)"));
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {"1"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_NE(refused.error().message().find("restore t 1: "), std::string::npos) << refused.error().message();
    EXPECT_NE(refused.error().message().find("NOT NULL constraint failed: t.needed"), std::string::npos) << refused.error().message();
}

TEST_F(BringRows, ColumnsThatOneSideLacksAreTold) {
    must(backup.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, old TEXT, a TEXT, g AS (a || '!')); INSERT INTO t VALUES(1, 'o', 'a'), (2, 'o', 'b')"));
    must(now.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, A TEXT, fresh TEXT DEFAULT 'd', g AS (a || '?')); INSERT INTO t VALUES(2, 'c', 'mine')"));
    const auto brought = of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t");
    EXPECT_EQ(brought.columns_left_out, std::vector<std::string>{"old"});
    EXPECT_EQ(brought.columns_kept, std::vector<std::string>{"fresh"});
    EXPECT_EQ(all("SELECT * FROM t"), "1|a|d|a? 2|b|mine|b?");
    must(now.execute("DROP TABLE t; CREATE TABLE t(id INTEGER, a TEXT, PRIMARY KEY(id, a))"));
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::invalid));
}

TEST_F(BringRows, RowidsAreKeptWhereTheyAreFree) {
    both("CREATE TABLE t(id TEXT PRIMARY KEY, a); INSERT INTO t(rowid, id, a) VALUES(5, 'x', 1), (6, 'y', 2)");
    must(now.execute("DELETE FROM t; INSERT INTO t(rowid, id, a) VALUES(6, 'other', 3)"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 2, .new_rowids = 1}));
    EXPECT_EQ(all("SELECT rowid, id FROM t ORDER BY id"), "6|other 5|x 7|y");
}

TEST_F(BringRows, WithoutAPrimaryKeyNothingIsGuessed) {
    both("CREATE TABLE log(line TEXT); INSERT INTO log VALUES('a'), ('b'), ('c'), ('c')");
    must(now.execute("DELETE FROM log WHERE rowid = 4"));
    EXPECT_EQ(of(bring({.tables = {"log"}, .where = {}, .keys = {}}), "log").rows, (WrittenCounts{.inserted = 1, .unchanged = 3}));
    must(now.execute("UPDATE log SET line = 'changed' WHERE rowid = 2"));
    const auto doubtful = try_to_bring({.tables = {"log"}, .where = {}, .keys = {}});
    ASSERT_THAT(doubtful, FailsWith(ErrorCode::exists));
    EXPECT_NE(doubtful.error().message().find("VACUUM gives new ones"), std::string::npos);
    EXPECT_EQ(of(bring({.tables = {"log"}, .where = {}, .keys = {}}, {.on_conflict = OnConflict::replace}), "log").rows, (WrittenCounts{.updated = 1, .unchanged = 3}));
    // Renumbered: a, b at 1 and 2 were deleted, c and c moved down.
    must(now.execute("DELETE FROM log; INSERT INTO log VALUES('b')"));
    const auto moved = try_to_bring({.tables = {"log"}, .where = "line = 'b'", .keys = {}}, {.on_conflict = OnConflict::keep});
    ASSERT_THAT(moved, FailsWith(ErrorCode::exists));
    EXPECT_NE(moved.error().message().find("the same row is there as 1"), std::string::npos) << moved.error().message();
}

TEST_F(BringRows, CaseOfAKeyThatHasNoCaseIsNoOtherRow) {
    both("CREATE TABLE t(id TEXT COLLATE NOCASE PRIMARY KEY, a) WITHOUT ROWID; INSERT INTO t VALUES('Key', 1)");
    must(now.execute("UPDATE t SET id = 'KEY'"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {"kEY"}}), "t").rows, (WrittenCounts{.updated = 1}));
    EXPECT_EQ(all("SELECT id FROM t"), "Key");
}

TEST_F(BringRows, ChildrenAreFoundByTheirParentsCollation) {
    both("CREATE TABLE p(id TEXT COLLATE NOCASE PRIMARY KEY); CREATE TABLE c(id INTEGER PRIMARY KEY, p TEXT REFERENCES p); INSERT INTO p VALUES('Key'), ('other'); INSERT INTO c VALUES(1, 'KEY'), (2, 'other')");
    must(now.execute("DELETE FROM c; DELETE FROM p"));
    bring({.tables = {"p"}, .where = {}, .keys = {"key"}, .with_related = true});
    EXPECT_EQ(all("SELECT id, p FROM c"), "1|KEY");
}

TEST_F(BringRows, TriggersDoNotFireTwice) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE audit(what); CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO audit VALUES(new.id); END;"
         "CREATE TRIGGER changed BEFORE UPDATE ON t BEGIN SELECT raise(ABORT, 'never'); END; INSERT INTO t VALUES(1, 'a'), (2, 'b')");
    must(now.execute("DELETE FROM t WHERE id = 1; DROP TRIGGER changed; UPDATE t SET a = 'x'; CREATE TRIGGER changed BEFORE UPDATE ON t BEGIN SELECT raise(ABORT, 'never'); END"));
    const std::string schema = all("SELECT sql FROM sqlite_schema");
    bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_EQ(all("SELECT * FROM audit"), "1 2");
    EXPECT_EQ(all("SELECT * FROM t"), "1|a 2|b");
    EXPECT_EQ(all("SELECT sql FROM sqlite_schema"), schema);
}

TEST_F(BringRows, AutoincrementNeverGoesBack) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t VALUES(1, 'a'), (50, 'b')");
    must(now.execute("INSERT INTO t VALUES(90, 'c'); DELETE FROM t"));
    bring({.tables = {"t"}, .where = {}, .keys = {"50"}});
    EXPECT_EQ(all("SELECT seq FROM sqlite_sequence"), "90");
    must(backup.execute("DELETE FROM t WHERE id = 50"));
    must(now.execute("DROP TABLE t"));
    bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_EQ(all("SELECT seq FROM sqlite_sequence"), "50");
    EXPECT_EQ(all("SELECT id FROM t"), "1");
}

TEST_F(BringRows, WhereIsAnExpressionAndNothingElse) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES(1, 'a'), (2, 'b'), (3, 'c'); CREATE TABLE u(id); INSERT INTO u VALUES(3)");
    must(now.execute("DELETE FROM t"));
    for (const char* bad : {"1); DELETE FROM t; --", "1) UNION SELECT 7, 0 FROM t WHERE (1", "1 THEN 1 END UNION SELECT 1 FROM t WHERE CASE WHEN 1", "id = ?1", "nonsense", "(id = 1"}) {
        EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = bad, .keys = {}}), FailsWith(ErrorCode::invalid)) << bad;
    }
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = "id = 1 --", .keys = {}}), Succeeds()) << "a comment ends with its line";
    EXPECT_EQ(all("SELECT id FROM t"), "1");
    bring({.tables = {"t"}, .where = "t.id IN (SELECT id FROM u) OR a LIKE 'B'", .keys = {}});
    EXPECT_EQ(all("SELECT id FROM t"), "1 2 3");
}

TEST_F(BringRows, KeysAreFoundByWhatTheyMean) {
    both("CREATE TABLE t(a TEXT, b INTEGER, c, PRIMARY KEY(a, b)); INSERT INTO t VALUES('5', 5, 'x'), ('[', 1, 'y'); CREATE TABLE u(k PRIMARY KEY); INSERT INTO u VALUES(5), ('5'), ('x')");
    must(now.execute("DELETE FROM t; DELETE FROM u"));
    bring({.tables = {"t"}, .where = {}, .keys = {"[\"5\", 5]"}});
    EXPECT_EQ(all("SELECT c FROM t"), "x");
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {"5"}}), FailsWith(ErrorCode::invalid));
    both("CREATE TABLE w(k TEXT PRIMARY KEY); INSERT INTO w VALUES('5'), ('05'), ('1'), ('001'), ('-0'), ('0')");
    must(now.execute("DELETE FROM w"));
    bring({.tables = {"w"}, .where = {}, .keys = {"05", "001", "-0"}});
    EXPECT_EQ(all("SELECT k FROM w ORDER BY k"), "-0 001 05") << "nobody named the others";
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {"[\"5\", 6]"}}), FailsWith(ErrorCode::not_found));
    bring({.tables = {"u"}, .where = {}, .keys = {"5"}});
    EXPECT_EQ(all("SELECT typeof(k) FROM u ORDER BY k"), "integer text") << "a column without a type holds both";
    EXPECT_THAT(try_to_bring({.tables = {"nosuch"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(try_to_bring({.tables = {"t", "u"}, .where = "1", .keys = {}}), FailsWith(ErrorCode::invalid));
}

TEST_F(BringRows, ADroppedTableComesBackWhole) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES(1);"
         "CREATE TABLE t(id TEXT PRIMARY KEY, p REFERENCES p, a TEXT UNIQUE, g AS (a || '!') STORED); CREATE INDEX by_a ON t(a DESC) WHERE a IS NOT NULL;"
         "CREATE TABLE audit(x); CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO audit VALUES(new.id); END; CREATE VIEW v AS SELECT * FROM t;"
         "INSERT INTO t VALUES('x', 1, 'a'), ('y', 1, NULL)");
    must(now.execute("DROP VIEW v; DROP TABLE t; DELETE FROM audit"));
    const auto brought = bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_TRUE(of(brought, "t").is_made);
    EXPECT_EQ(of(brought, "t").rows.inserted, 2u);
    const std::string objects = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 't' ORDER BY name";
    EXPECT_EQ(all(objects), all(backup, objects));
    EXPECT_EQ(all("SELECT * FROM t"), all(backup, "SELECT * FROM t"));
    EXPECT_EQ(all("SELECT count(*) FROM audit"), "0");
    EXPECT_EQ(all("PRAGMA integrity_check"), "ok");
    must(now.execute("DROP TABLE t; CREATE VIEW t AS SELECT 1"));
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::exists));
}

TEST_F(BringRows, TextInUtf16KeepsItsBytes) {
    backup = in_memory("PRAGMA encoding = 'UTF-16le'");
    now = in_memory("PRAGMA encoding = 'UTF-16le'");
    both("CREATE TABLE t(id TEXT PRIMARY KEY, a); INSERT INTO t VALUES('ü', CAST(x'00d86100' AS TEXT)), ('z', x'6100'), ('y', 'plain'), ('bom', CAST(x'fffe6100' AS TEXT))");
    must(now.execute("DELETE FROM t WHERE id IN ('ü', 'bom'); UPDATE t SET a = 'a' WHERE id = 'z'"));
    EXPECT_EQ(of(bring({.tables = {"t"}, .where = {}, .keys = {}}), "t").rows, (WrittenCounts{.inserted = 2, .updated = 1, .unchanged = 1}));
    const std::string exactly = "SELECT hex(CAST(id AS BLOB)), hex(CAST(a AS BLOB)), typeof(a) FROM t ORDER BY id";
    EXPECT_EQ(all(exactly), all(backup, exactly));
    now = in_memory("CREATE TABLE t(id TEXT PRIMARY KEY, a)");
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::rows
