#include "holdfast/operations/diff.h"

#include <fstream>

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Diff : public World {
protected:
    Diff() {
        make_repository();
        create_database(database);
        backup();
    }
    DiffRequest request(const std::string& before, const std::string& after = "live") const {
        DiffRequest request;
        request.repository = in_repository();
        request.before = before;
        request.after = after;
        return request;
    }
    DiffReport told(const DiffRequest& asked) { return must(diff(context, asked)); }
    // "ledger +1 -2 ~3"
    static std::vector<std::string> numbers(const DiffReport& report) {
        std::vector<std::string> lines;
        for (const auto& one : report.databases) {
            for (const auto& table : one.tables) lines.push_back(format("{} +{} -{} ~{}", table.name, table.added, table.removed, table.changed));
        }
        return lines;
    }
    std::string script(DiffRequest asked) {
        std::string sql;
        asked.sql = true;
        asked.script = [&](std::string_view text) -> Result<void> {
            sql += text;
            return {};
        };
        must(diff(context, asked));
        return sql;
    }
};

TEST_F(Diff, OfWhatDidNotChangeReadsNothing) {
    const auto report = told(request("1"));
    EXPECT_TRUE(report.equal);
    EXPECT_EQ(report.before.number, 1u);
    EXPECT_EQ(report.after.number, 0u);
    EXPECT_TRUE(told(request("latest", "1")).equal);
    EXPECT_THAT(script(request("1")), HasSubstr("-- Made by holdfast. Nothing differs"));
    EXPECT_THAT(script(request("latest", "1")), HasSubstr("-- Made by holdfast. Nothing differs"));
}

TEST_F(Diff, TellsRowsOfTheLiveDatabaseOfBackupsAndOfFilesAlike) {
    execute(database, "UPDATE ledger SET payload = 'new' WHERE n = 3; DELETE FROM ledger WHERE n = 4; INSERT INTO ledger(payload) VALUES ('one more')");
    EXPECT_THAT(numbers(told(request("1"))), ElementsAre("ledger +1 -1 ~1"));
    backup();
    EXPECT_THAT(numbers(told(request("1", "2"))), ElementsAre("ledger +1 -1 ~1"));
    EXPECT_THAT(numbers(told(request("2", "1"))), ElementsAre("ledger +1 -1 ~1"));
    EXPECT_TRUE(told(request("2")).equal);
    const auto before = files_below(root.path());
    EXPECT_THAT(numbers(told(request("1", database))), ElementsAre("ledger +1 -1 ~1"));
    EXPECT_TRUE(told(request(database, "2")).equal);
    auto turned = request("1", "2");
    turned.reverse = true;
    EXPECT_EQ(told(turned).before.number, 2u);
    EXPECT_EQ(files_below(root.path()), before) << "nothing is written anywhere";
}

TEST_F(Diff, NeedsNoLocalCache) {
    create_database(root / "work/large.db", 5000);
    const std::string large = root / "work/large.db";
    must(try_backup({large}));
    execute(large, "UPDATE ledger SET payload = 'new' WHERE n % 1000 = 1; DELETE FROM ledger WHERE n = 2500");
    auto asked = request("2");
    const auto with_cache = numbers(told(asked));
    EXPECT_THAT(with_cache, ElementsAre("ledger +0 -1 ~5"));
    must(try_backup({large}));
    execute(large, "DELETE FROM ledger WHERE n = 2501");
    EXPECT_THAT(numbers(told(asked)), ElementsAre("ledger +0 -2 ~5")) << "the cache is of a later backup";
    std::filesystem::remove_all(root / "cache");
    EXPECT_THAT(numbers(told(asked)), ElementsAre("ledger +0 -2 ~5"));
}

// What this process has read so far, by the system's count.
std::uint64_t bytes_read() {
    std::ifstream counts("/proc/self/io");
    std::string name;
    std::uint64_t bytes = 0;
    counts >> name >> bytes;
    return name == "rchar:" ? bytes : 0;
}

TEST_F(Diff, ADatabaseThatIsAsItsLastBackupHasItIsNotReadWhole) {
    const std::string large = root / "work/large.db";
    create_database(large, 60'000);
    must(try_backup({large}));
    execute(large, "UPDATE ledger SET payload = 'new' WHERE n = 30000");
    const auto asked = request("2");
    const auto cost = [&] {
        const auto before = bytes_read();
        EXPECT_THAT(numbers(told(asked)), ElementsAre("ledger +0 -0 ~1"));
        return bytes_read() - before;
    };
    const auto size = std::filesystem::file_size(large);
    EXPECT_GT(cost(), size) << "nothing is known of it";
    let_time_pass();
    must(try_backup({large}));
    EXPECT_LT(cost(), size / 4);
}

TEST_F(Diff, ShowsRowsAsFarAsTheyAreAskedFor) {
    execute(database, "UPDATE ledger SET payload = 'new' WHERE n <= 5");
    auto asked = request("1");
    EXPECT_TRUE(told(asked).databases[0].tables[0].rows.empty());
    asked.rows = true;
    asked.limit = 2;
    const auto report = told(asked);
    const auto& table = report.databases[0].tables[0];
    ASSERT_EQ(table.rows.size(), 2u);
    EXPECT_EQ(table.rows_left_out, 3u);
    EXPECT_EQ(table.rows[0].change, "changed");
    EXPECT_EQ(table.columns_after.front(), "n");
    EXPECT_EQ(std::get<std::int64_t>(table.rows[0].before[0].value), 1);
    EXPECT_EQ(std::get<std::string>(table.rows[0].after[1].value), "new");
}

TEST_F(Diff, TellsSchemaAndProperties) {
    execute(database, "CREATE INDEX found ON ledger(payload); ALTER TABLE ledger ADD COLUMN more DEFAULT 1; PRAGMA user_version = 7");
    const auto report = told(request("1"));
    const auto& one = report.databases.at(0);
    ASSERT_EQ(one.schema.size(), 2u);
    EXPECT_EQ(one.schema[0].change + one.schema[0].type + one.schema[0].name, "addedindexfound");
    EXPECT_EQ(one.schema[1].change, "changed");
    EXPECT_THAT(one.schema[1].after, HasSubstr("more"));
    ASSERT_EQ(one.properties.size(), 1u);
    EXPECT_EQ(one.properties[0].after, "7");
    EXPECT_THAT(one.tables.at(0).columns_added, ElementsAre("more"));
    auto brief = request("1");
    brief.stat = true;
    EXPECT_EQ(told(brief).databases.at(0).schema.at(1).after, "");
}

TEST_F(Diff, ItsScriptBringsBackWhatWas) {
    execute(database, "DELETE FROM ledger WHERE n % 3 = 0; UPDATE ledger SET payload = x'00' WHERE n % 5 = 0; CREATE TABLE extra(a)");
    const std::string forth = script(request("1"));
    auto back = request("1");
    back.reverse = true;
    const std::string sql = script(back);
    EXPECT_NE(forth, sql);
    execute(database, sql);
    EXPECT_TRUE(told(request("1", database)).equal);
    execute(database, forth);
    EXPECT_THAT(sql, HasSubstr("COMMIT"));
    back.no_transaction = true;
    EXPECT_THAT(script(back), ::testing::Not(HasSubstr("BEGIN")));
}

TEST_F(Diff, OfSeveralDatabasesPairsThemByTheirPaths) {
    const std::string other = root / "work/jobs.db";
    create_database(other);
    must(try_backup({database, other}));
    execute(other, "DELETE FROM ledger WHERE n = 1");
    const auto report = told(request("2"));
    ASSERT_EQ(report.databases.size(), 2u);
    EXPECT_TRUE(report.databases[0].equal);
    EXPECT_FALSE(report.databases[1].equal);
    EXPECT_EQ(report.databases[1].after, other);
    auto asked = request("2");
    asked.only = {"app.db"};
    EXPECT_TRUE(told(asked).equal);
}

TEST_F(Diff, OneBrokenVirtualTableCostsThatTableAlone) {
    execute(database, "CREATE VIRTUAL TABLE f USING fts5(a, content='ledger', content_rowid='n'); CREATE VIRTUAL TABLE own USING fts5(a); INSERT INTO own VALUES ('x'); CREATE VIRTUAL TABLE box USING rtree(id, x0, x1)");
    backup();
    auto connection = connect(database);
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    must(connection.execute("DELETE FROM ledger WHERE n = 1; DELETE FROM f_data; DELETE FROM own_data; DELETE FROM own_content; DELETE FROM box_node"));
    const auto report = told(request("2"));
    EXPECT_FALSE(report.equal);
    EXPECT_TRUE(report.incomplete);
    ASSERT_EQ(report.databases.size(), 1u);
    std::vector<std::string> lines;
    for (const auto& table : report.databases[0].tables) lines.push_back(table.not_compared.empty() ? format("{} -{}", table.name, table.removed) : table.name + " not compared");
    EXPECT_THAT(lines, ElementsAre("box not compared", "f not compared", "ledger -1", "own -1"));
    auto asked = request("2");
    asked.tables = {"ledger"};
    EXPECT_THAT(numbers(told(asked)), ElementsAre("ledger +0 -1 ~0"));
    EXPECT_THAT(script(asked), HasSubstr("DELETE FROM \"ledger\" WHERE \"n\" = 1;"));
}

TEST_F(Diff, TellsWhatFullTextIndexesWereTold) {
    execute(database, "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f(f, rank) VALUES ('rank', 'bm25()'); CREATE VIRTUAL TABLE g USING fts5(a)");
    backup();
    execute(database, "INSERT INTO f(f, rank) VALUES ('rank', 'bm25(10.0)'); INSERT INTO g(g, rank) VALUES ('pgsz', 512)");
    const auto properties = [&](const DiffRequest& asked) {
        std::vector<std::string> lines;
        const auto report = told(asked);
        EXPECT_FALSE(report.equal);
        for (const auto& one : report.databases.at(0).properties) lines.push_back(format("{}: {} | {}", one.name, one.before, one.after));
        return lines;
    };
    EXPECT_THAT(properties(request("2")), ElementsAre("rank of f: 'bm25()' | 'bm25(10.0)'", "pgsz of g: 4050 | 512"));
    auto asked = request("2");
    asked.tables = {"F"};
    EXPECT_THAT(properties(asked), ElementsAre("rank of f: 'bm25()' | 'bm25(10.0)'"));
    EXPECT_THAT(script(asked), HasSubstr("INSERT INTO \"f\"(\"f\", rank) VALUES('rank', 'bm25(10.0)');"));
    execute(database, "INSERT INTO f(f, rank) VALUES ('rank', 'bm25()'); INSERT INTO g(g, rank) VALUES ('pgsz', 4050)");
    EXPECT_TRUE(told(request("2")).equal) << "as where nobody set it";
}

TEST_F(Diff, AScriptIsForOneDatabase) {
    const std::string other = root / "work/jobs.db";
    create_database(other);
    must(try_backup({database, other}));
    execute(other, "DELETE FROM ledger WHERE n = 1");
    auto asked = request("2");
    const auto refused = [&](const DiffRequest& one) {
        std::string sql;
        auto wanted = one;
        wanted.sql = true;
        wanted.script = [&](std::string_view text) -> Result<void> {
            sql += text;
            return {};
        };
        const auto done = diff(context, wanted);
        EXPECT_THAT(done, FailsWith(ErrorCode::invalid));
        EXPECT_EQ(sql, "");
        return done ? std::string() : done.error().message() + done.error().advice();
    };
    EXPECT_THAT(refused(asked), ::testing::AllOf(HasSubstr(other), HasSubstr(database), HasSubstr("--only")));
    EXPECT_THAT(refused(request(other, "2")), HasSubstr("2 databases")) << "which of them the file is, nobody said";
    auto swapped = request("2", other);
    swapped.reverse = true;
    refused(swapped);
    asked.only = {"jobs.db"};
    EXPECT_THAT(script(asked), HasSubstr("DELETE FROM \"ledger\" WHERE \"n\" = 1;"));
    asked.only = {"app.db"};
    EXPECT_THAT(script(asked), HasSubstr("Nothing differs"));
}

TEST_F(Diff, RefusesWhatMakesNoSense) {
    EXPECT_THAT(diff(context, request("live", "live")), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(diff(context, request("99")), FailsWith(ErrorCode::not_found));
    execute(database, "DELETE FROM ledger");
    auto asked = request("1");
    asked.tables = {"legder"};
    EXPECT_THAT(diff(context, asked), FailsWith(ErrorCode::invalid));
    asked.tables = {"LEDGER"};
    EXPECT_EQ(numbers(told(asked)).size(), 1u);
}

}  // namespace
}  // namespace holdfast::operations
