#include "holdfast/rows/sound_table.h"

#include "rows/rows_world.h"

namespace holdfast::rows {
namespace {

using Verdict = Soundness::Verdict;

class SoundTable : public RowsWorld {
protected:
    Soundness found() {
        const auto schema = must(read_schema(now));
        return must(soundness_of(now, *schema.find("t")));
    }
};

constexpr const char* table = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE INDEX i ON t(a); INSERT INTO t VALUES(1, 'x', 'y'), (2, 'z', 'w')";

TEST_F(SoundTable, ValuesThatBreakAConstraintAreNoDamage) {
    both(table);
    EXPECT_EQ(found().verdict, Verdict::sound);
    force("UPDATE sqlite_schema SET sql = 'CREATE TABLE t(id INTEGER PRIMARY KEY, a CHECK (a > ''y''), b)' WHERE name = 't'");
    EXPECT_NE(all("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(found().verdict, Verdict::sound);
}

TEST_F(SoundTable, AnIndexThatDoesNotAgreeIsNoReasonToDropRows) {
    both(table);
    force("UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(b)' WHERE name = 'i'");
    EXPECT_EQ(found().verdict, Verdict::indexes_differ);
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(state.is_damage_there) << "nothing is to be made again";
    EXPECT_NE(refused.error().advice().find("REINDEX"), std::string::npos);
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {"1"}}), FailsWith(ErrorCode::corrupt)) << "a single row of it can be there without being found";
    must(now.execute("REINDEX"));
    EXPECT_THAT(try_to_bring({.tables = {"t"}, .where = {}, .keys = {}}), Succeeds());
}

TEST_F(SoundTable, ATableMadeAgainHasItsOwnDefinitionAndTheBackupsRows) {
    both("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, p REFERENCES p ON DELETE CASCADE, a UNIQUE); CREATE INDEX i ON t(p);"
         "CREATE TRIGGER x AFTER DELETE ON t BEGIN SELECT raise(ABORT, 'never'); END; CREATE TABLE child(t REFERENCES t ON DELETE CASCADE);"
         "INSERT INTO p VALUES(1); INSERT INTO t VALUES(1, 1, 'a'), (2, 1, 'b'); INSERT INTO child VALUES(2)");
    must(now.execute("INSERT INTO child VALUES(90)"));
    must(now.execute("ALTER TABLE t ADD COLUMN fresh DEFAULT 7; INSERT INTO t VALUES(90, 1, 'c', 8)"));
    const std::string objects = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 't' ORDER BY name";
    const auto schema = all(objects);
    state.damaged = {"T"};
    const auto brought = bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_TRUE(of(brought, "t").is_made);
    EXPECT_EQ(all(objects), schema);
    EXPECT_EQ(all("SELECT * FROM t"), "1|1|a|7 2|1|b|7");
    EXPECT_EQ(brought.notes, std::vector<std::string>{"1 rows of child refer to rows that the backup has not"});
    EXPECT_EQ(all("SELECT t FROM child"), "2 90") << "no cascade";
    EXPECT_EQ(all("SELECT seq FROM sqlite_sequence WHERE name = 't'"), "90") << "numbers that were given are not given again";
    EXPECT_EQ(all("PRAGMA integrity_check"), "ok");
}

constexpr const char* two = "CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE t2(id INTEGER PRIMARY KEY, a);";

TEST_F(SoundTable, OnlyTheTableThatSQLiteFindsDamagedIsMadeAgain) {
    both(two + many("t", "n, 'row ' || n", 900) + many("t2", "n, 'row ' || n", 900));
    must(now.execute("INSERT INTO t VALUES(3000, 'since'); INSERT INTO t2 VALUES(3000, 'since'); DELETE FROM t WHERE id = 2"));
    damage("t2");
    const auto one_row = try_to_bring({.tables = {"t2"}, .where = {}, .keys = {"2"}});
    ASSERT_THAT(one_row, FailsWith(ErrorCode::corrupt));
    EXPECT_TRUE(state.is_damage_there && state.damaged.contains("t2")) << "known, but not to be dropped for one row";
    state = {};
    const auto brought = bring({.tables = {"t", "t2"}, .where = {}, .keys = {}});
    EXPECT_EQ(state.damaged, (std::set<std::string, NameOrder>{"t2"}));
    EXPECT_EQ(of(brought, "t").rows, (WrittenCounts{.inserted = 1, .unchanged = 899}));
    EXPECT_TRUE(of(brought, "t2").is_made && !of(brought, "t").is_made);
    EXPECT_EQ(all("SELECT count(*), max(id) FROM t") + all("SELECT count(*), max(id) FROM t2"), "901|3000900|900");
    EXPECT_EQ(all("PRAGMA integrity_check"), "ok");
}

// What its triggers meet is no damage of the table.
// Full-text search answers some damage as if the row were in its way.
TEST_F(SoundTable, AnIndexThatRefusesWhatIsRightIsMadeAnew) {
    both("CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE VIRTUAL TABLE f USING fts5(a, content = 't', content_rowid = 'id');"
         "CREATE TRIGGER ti AFTER INSERT ON t BEGIN INSERT INTO f(rowid, a) VALUES(new.id, new.a); END;"
         "CREATE TRIGGER td AFTER DELETE ON t BEGIN INSERT INTO f(f, rowid, a) VALUES('delete', old.id, old.a); END; INSERT INTO t VALUES(1, 'one'), (2, 'two')");
    must(now.execute("INSERT INTO t VALUES(3, 'since'); DELETE FROM t WHERE id = 2"));
    force("UPDATE f_data SET block = x'00' WHERE id = 10");
    const auto brought = bring({.tables = {"t"}, .where = {}, .keys = {}});
    EXPECT_EQ(brought.indexes, (std::vector<KeptIndex>{{"f", KeptIndex::How::rebuilt}}));
    EXPECT_EQ(all("SELECT id, a FROM t") + all("SELECT rowid FROM f('two')"), "1|one 2|two 3|since2");
}

TEST_F(SoundTable, ADamagedFullTextIndexIsNoReasonToDropRows) {
    for (const char* content : {", content = 't', content_rowid = 'id'", ""}) {
        const bool is_own = content[0] == '\0';
        backup = in_memory();
        now = in_memory();
        const std::string forget = is_own ? "DELETE FROM f WHERE rowid = old.id;" : "INSERT INTO f(f, rowid, a) VALUES('delete', old.id, old.a);";
        both(format("CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE VIRTUAL TABLE f USING fts5(a{0}); CREATE TRIGGER ti AFTER INSERT ON t BEGIN INSERT INTO f(rowid, a) VALUES(new.id, new.a); END;"
                    "CREATE TRIGGER td AFTER DELETE ON t BEGIN {1} END; CREATE TRIGGER tu AFTER UPDATE ON t BEGIN {1} INSERT INTO f(rowid, a) VALUES(new.id, new.a); END; INSERT INTO t VALUES(1, 'one'), (2, 'two')",
                    content, forget));
        for (const auto& keys : {std::vector<std::string>(), std::vector<std::string>{"2"}}) {
            state = {};
            must(now.execute("INSERT OR IGNORE INTO t VALUES(3000, 'since'); UPDATE t SET a = 'changed' WHERE id = 2"));
            force("UPDATE f_data SET block = x'' WHERE id = 1");
            const auto brought = bring({.tables = {"t"}, .where = {}, .keys = keys});
            EXPECT_TRUE(state.are_indexes_damaged && state.damaged.empty());
            EXPECT_EQ(of(brought, "t").rows.updated, 1u);
            EXPECT_EQ(all("SELECT id, a FROM t"), "1|one 2|two 3000|since");
            if (is_own) {
                ASSERT_EQ(brought.notes.size(), 1u);
                EXPECT_NE(brought.notes.front().find("as none ran where an index is damaged (ti, tu): --table f brings its own rows back"), std::string::npos) << brought.notes.front();
                break;
            }
            EXPECT_EQ(brought.indexes, (std::vector<KeptIndex>{{"f", KeptIndex::How::rebuilt}}));
            EXPECT_EQ(all("SELECT rowid FROM f('two')"), "2");
        }
    }
}

// So large that it is not checked for a row: where the row lay in the backup it is looked for.
TEST_F(SoundTable, ARowThatItsIndexHasLostIsNotInsertedAgain) {
    both("CREATE TABLE t(k TEXT PRIMARY KEY, a); CREATE TABLE empty(x); CREATE INDEX none ON empty(x);" + many("t", "'k' || n, n", 10'001));
    force("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'none') WHERE name = 'sqlite_autoindex_t_1'");
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {"k7"}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(refused.error().message(), "restore t 'k7': it is there, and the index of its key does not know it");
    EXPECT_FALSE(state.is_damage_there || state.has_learned) << "its rows can be read";
}

}  // namespace
}  // namespace holdfast::rows
