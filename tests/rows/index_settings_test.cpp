#include "holdfast/rows/index_settings.h"

#include "rows/rows_world.h"

namespace holdfast::rows {
namespace {

class IndexSettingsWorld : public RowsWorld {
protected:
    static IndexSettings told(sqlite::Connection& connection) { return must(settings_of(connection, *must(read_schema(connection)).find("f"))); }
};

TEST_F(IndexSettingsWorld, AreThoseThatSqliteWouldNotHaveByItself) {
    must(now.execute("CREATE VIRTUAL TABLE f USING fts5(a)"));
    EXPECT_TRUE(told(now).empty()) << "its version is no setting";
    must(now.execute("INSERT INTO f(f, rank) VALUES ('automerge', 4), ('pgsz', 512), ('rank', 'bm25(10.0, ''it'')')"));
    EXPECT_EQ(told(now), (IndexSettings{{"pgsz", "512"}, {"rank", "'bm25(10.0, ''it'')'"}}));
}

TEST_F(IndexSettingsWorld, TheDefaultsAreThoseOfSqlite) {
    must(now.execute("CREATE VIRTUAL TABLE f USING fts5(a)"));
    for (const auto& change : compare_settings({{"automerge", "-"}, {"crisismerge", "-"}, {"hashsize", "-"}, {"pgsz", "-"}, {"rank", "-"}, {"usermerge", "-"}}, {})) {
        must(now.execute(setting_sql("f", change.name, change.after)));
    }
    EXPECT_EQ(all("SELECT count(*) FROM f_config"), "7") << "each was taken";
    EXPECT_TRUE(told(now).empty());
}

TEST_F(IndexSettingsWorld, ComeBackWithADroppedIndex) {
    both("CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES ('x', 'y z z'), ('y', 'x'); INSERT INTO f(f, rank) VALUES ('rank', 'bm25(0.0, 9.0)'), ('crisismerge', 8)");
    const auto ranks = all(backup, "SELECT rowid, rank FROM f WHERE f MATCH 'x' ORDER BY rank");
    must(now.execute("DROP TABLE f"));
    bring({.tables = {"f"}});
    EXPECT_EQ(told(now), told(backup));
    EXPECT_EQ(all("SELECT rowid, rank FROM f WHERE f MATCH 'x' ORDER BY rank"), ranks);
}

}  // namespace
}  // namespace holdfast::rows
