#include "holdfast/rows/sound_table.h"

#include <sqlite3.h>

#include "rows/rows_world.h"

namespace holdfast::rows {
namespace {

using Verdict = Soundness::Verdict;

class SoundTable : public RowsWorld {
protected:
    // The index says something else than the table from now on.
    void change_schema(const std::string& sql) {
        sqlite3_db_config(now.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
        must(now.execute("PRAGMA writable_schema = ON; " + sql + "; PRAGMA writable_schema = RESET"));
        sqlite3_db_config(now.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    }
    Soundness found() {
        const auto schema = must(read_schema(now));
        return must(soundness_of(now, *schema.find("t")));
    }
};

constexpr const char* table = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE INDEX i ON t(a); INSERT INTO t VALUES(1, 'x', 'y'), (2, 'z', 'w')";

TEST_F(SoundTable, ValuesThatBreakAConstraintAreNoDamage) {
    both(table);
    EXPECT_EQ(found().verdict, Verdict::sound);
    change_schema("UPDATE sqlite_schema SET sql = 'CREATE TABLE t(id INTEGER PRIMARY KEY, a CHECK (a > ''y''), b)' WHERE name = 't'");
    EXPECT_NE(all("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(found().verdict, Verdict::sound);
}

TEST_F(SoundTable, AnIndexThatDoesNotAgreeIsNoReasonToDropRows) {
    both(table);
    change_schema("UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(b)' WHERE name = 'i'");
    EXPECT_EQ(found().verdict, Verdict::indexes_differ);
    const auto refused = try_to_bring({.tables = {"t"}, .where = {}, .keys = {}});
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(state.is_damage_there) << "nothing is to be made again";
    EXPECT_NE(refused.error().advice().find("REINDEX"), std::string::npos);
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
    const auto brought = bring({.tables = {"t"}, .where = {}, .keys = {}}, {.remake = true});
    EXPECT_TRUE(of(brought, "t").is_made);
    EXPECT_EQ(all(objects), schema);
    EXPECT_EQ(all("SELECT * FROM t"), "1|1|a|7 2|1|b|7");
    EXPECT_EQ(brought.notes, std::vector<std::string>{"1 rows of child refer to rows that the backup has not"});
    EXPECT_EQ(all("SELECT t FROM child"), "2 90") << "no cascade";
    EXPECT_EQ(all("SELECT seq FROM sqlite_sequence WHERE name = 't'"), "90") << "numbers that were given are not given again";
    EXPECT_EQ(all("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace holdfast::rows
