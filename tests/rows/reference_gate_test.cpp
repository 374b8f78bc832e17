#include "holdfast/rows/reference_gate.h"

#include "rows/rows_world.h"

namespace holdfast::rows {
namespace {

using ::testing::HasSubstr;

class ReferenceGateTest : public RowsWorld {
protected:
    void expect_refused(const RowsWanted& wanted, const BringOrder& order, const std::string& words) {
        const auto refused = try_to_bring(wanted, order);
        ASSERT_FALSE(refused.ok());
        EXPECT_THAT(refused.error().text(), HasSubstr(words));
    }
    // More rows than are checked for nothing.
    void fill(const std::string& table, const std::string& values) {
        both(format("WITH RECURSIVE n(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 2500) INSERT INTO {} SELECT {} FROM n", table, values));
    }
};

TEST_F(ReferenceGateTest, AParentWhoseUniqueValueIsTakenIsNotThere) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, u UNIQUE); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id)); INSERT INTO p VALUES(2, 'b'); INSERT INTO c VALUES(2, 2)");
    must(now.execute("DELETE FROM c; DELETE FROM p; INSERT INTO p VALUES(7, 'b')"));
    expect_refused({.tables = {"p"}, .where = {}, .keys = {"2"}, .with_related = true}, {.on_conflict = OnConflict::keep, .with_parents = true}, "restore c 2: restore p 2, which other rows need: p 7 has its u");
}

TEST_F(ReferenceGateTest, AParentTableThatIsGoneIsNotThere) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p); INSERT INTO p VALUES(2); INSERT INTO c VALUES(2, 2), (3, NULL)");
    must(now.execute("DELETE FROM c; DROP TABLE p"));
    const std::string words = "restore c 2: it refers to p 2, which is not there";
    expect_refused({.tables = {"c"}, .where = {}, .keys = {"2"}}, {}, words);
    EXPECT_EQ(of(bring({.tables = {"c"}, .where = {}, .keys = {"3"}}), "c").rows.inserted, 1u) << "it refers to nothing";
    must(now.execute("DROP TABLE c"));
    expect_refused({.tables = {"c"}, .where = {}, .keys = {}, .with_related = true}, {.with_parents = true}, words);
    const auto advised = try_to_bring({.tables = {"c"}, .where = {}, .keys = {}}, {.with_parents = true});
    EXPECT_THAT(advised.error().text(), HasSubstr("--table p beside the other one"));
    bring({.tables = {"c", "p"}, .where = {}, .keys = {}});
    EXPECT_EQ(all("PRAGMA foreign_key_check"), "");
}

TEST_F(ReferenceGateTest, AGeneratedColumnRefersToo) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(id INTEGER PRIMARY KEY, x, g AS (x + 0) STORED REFERENCES p(id)); INSERT INTO p VALUES(1), (2); INSERT INTO c(id, x) VALUES(1, 1), (2, 2)");
    fill("c(id, x)", "n, 2");
    must(now.execute("DELETE FROM c WHERE id = 1; DELETE FROM p WHERE id = 1"));
    expect_refused({.tables = {"c"}, .where = {}, .keys = {"1"}}, {}, "restore c 1: it refers to p 1, which is not there");
    EXPECT_EQ(of(bring({.tables = {"c"}, .where = {}, .keys = {"1"}}, {.with_parents = true}), "p").parents, 1u);
    must(now.execute("UPDATE c SET x = 2 WHERE id = 1; DELETE FROM p WHERE id = 1"));
    expect_refused({.tables = {"c"}, .where = {}, .keys = {"1"}}, {}, "c 1 would refer to p 1");
}

TEST_F(ReferenceGateTest, AGeneratedKeyIsReferredTo) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, x, g AS (x * 10) STORED UNIQUE); CREATE TABLE c(id INTEGER PRIMARY KEY, r REFERENCES p(g)); INSERT INTO p(id, x) VALUES(1, 5); INSERT INTO c VALUES(1, 50)");
    fill("c", "n, NULL");
    must(now.execute("UPDATE p SET x = 7; UPDATE c SET r = 70 WHERE id = 1"));
    expect_refused({.tables = {"p"}, .where = {}, .keys = {"1"}}, {}, "c 1 would refer to p 70, which is not there");
}

// The child says '5' and KEY; the parent 5 and key.
TEST_F(ReferenceGateTest, ParentAndChildCompareOtherwise) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE, n INTEGER UNIQUE); CREATE TABLE c(id INTEGER PRIMARY KEY, name TEXT REFERENCES p(name)); CREATE TABLE d(n REFERENCES p(n), id PRIMARY KEY) WITHOUT ROWID;"
         "INSERT INTO p VALUES(1, 'then', 4)");
    fill("c", "n, NULL");
    fill("d", "NULL, n");
    must(now.execute("UPDATE p SET name = 'key'; INSERT INTO c VALUES(1, 'KEY')"));
    expect_refused({.tables = {"p"}, .where = {}, .keys = {"1"}}, {}, "c 1 would refer to p 'KEY'");
    must(now.execute("UPDATE p SET name = 'then', n = 5; DELETE FROM c; INSERT INTO d VALUES('5', 1)"));
    expect_refused({.tables = {"p"}, .where = {}, .keys = {"1"}}, {}, "d 1 would refer to p '5'");
}

TEST_F(ReferenceGateTest, WhatWasBrokenBeforeMayStaySo) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, u INTEGER UNIQUE); CREATE TABLE c(k PRIMARY KEY, u REFERENCES p(u), x) WITHOUT ROWID; INSERT INTO p VALUES(1, 1), (2, 2); INSERT INTO c VALUES('a', 1, 'then'), ('b', 77, 'then')");
    must(now.execute("UPDATE c SET x = 'now'; INSERT INTO c VALUES('z', 88, 'mine')"));
    bring({.tables = {"c"}, .where = {}, .keys = {}});
    EXPECT_EQ(all("SELECT k, u, x FROM c"), "a|1|then b|77|then z|88|mine");
    // One is mended, another is broken: as many as before, and not the same.
    must(now.execute("DELETE FROM c; INSERT INTO c VALUES('z', '1', 'mine'), ('y', 9, 'broken'); UPDATE p SET u = 9 WHERE id = 2; UPDATE p SET u = 1 WHERE id = 1; UPDATE p SET u = NULL WHERE id = 2"));
    must(backup.execute("UPDATE p SET u = 9 WHERE id = 1"));
    expect_refused({.tables = {"p"}, .where = {}, .keys = {"1"}}, {}, "c 'z' would refer to p '1'");
}

// A key that is none: SQLite refuses to look.
TEST_F(ReferenceGateTest, WhatCannotBeCheckedIsNoReasonToRefuse) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, u); CREATE TABLE c(id INTEGER PRIMARY KEY, u REFERENCES p(u), g AS (u) REFERENCES p(id)); INSERT INTO p VALUES(1, 5); INSERT INTO c(id, u) VALUES(1, NULL)");
    must(now.execute("DELETE FROM c"));
    const auto brought = bring({.tables = {"c"}, .where = {}, .keys = {"1"}});
    ASSERT_EQ(brought.notes.size(), 1u);
    EXPECT_THAT(brought.notes.front(), HasSubstr("SQLite cannot check what rows of c refer to: "));
}

// In a transaction in which SQLite has met damage it writes nothing more.
TEST_F(ReferenceGateTest, AChildThatIsDamagedDoesNotKeepItsParentAway) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY, a); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id), g AS (p) STORED REFERENCES p(id));" + many("p", "n, 'row ' || n", 900) + many("c(id, p)", "n, n", 900));
    must(now.execute("DELETE FROM p WHERE id = 500"));
    damage("c");
    const auto brought = bring({.tables = {"p"}, .where = {}, .keys = {"500"}});
    EXPECT_EQ(of(brought, "p").rows, (WrittenCounts{.inserted = 1}));
    EXPECT_EQ(state.unreadable, (std::set<std::string, NameOrder>{"c"}));
    EXPECT_EQ(brought.notes, std::vector<std::string>{"SQLite cannot check what rows of c refer to: it is damaged"});
    must(now.execute("DELETE FROM p WHERE id = 500"));
    EXPECT_EQ(of(bring({.tables = {"p"}, .where = {}, .keys = {}}), "p").rows, (WrittenCounts{.inserted = 1, .unchanged = 899}));
}

}  // namespace
}  // namespace holdfast::rows
