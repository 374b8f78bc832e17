#include "holdfast/operations/query.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class QueryTest : public World {
protected:
    QueryTest() {
        make_repository();
        create_database(database);
        backup();
    }
    QueryRequest request(const std::string& sql) const {
        QueryRequest request;
        request.repository = in_repository();
        request.script.sql = sql;
        return request;
    }
    RepositoryRequest make_sealed_repository() {
        write(root / "key", std::string(32, 'k'));
        RepositoryRequest sealed;
        sealed.repository = root / "sealed";
        sealed.key_file = root / "key";
        must(init(context, {.repository = sealed, .encrypt = true}));
        return sealed;
    }
    Result<QueryReport> ask(const std::string& sql) { return query(context, request(sql)); }
    static std::string json(const QueryRows& rows) { return json_of(rows.rows).to_text(); }
};

// Takes rows as a surface does, so many and no more.
class CountingSink final : public RowSink {
public:
    explicit CountingSink(std::uint64_t rows_max = UINT64_MAX) : rows_max_(rows_max) {}
    Result<void> begin(const std::vector<ResultColumn>& of) override {
        ++results;
        for (const auto& column : of) columns.push_back(column.name + ":" + column.declared_type);
        return {};
    }
    Result<void> row(std::span<const SqlView> values) override {
        if (rows == rows_max_) return fail(ErrorCode::full, "no room for row {}", rows + 1);
        ++rows;
        sum += std::get<std::int64_t>(values[0]);
        return {};
    }
    std::uint64_t rows = 0;
    std::int64_t sum = 0;
    int results = 0;
    std::vector<std::string> columns;

private:
    std::uint64_t rows_max_;
};

TEST_F(QueryTest, ValuesKeepTheirTypes) {
    const auto report = must(ask("SELECT 1, 1.5, '1', NULL, x'00ff', 1e999, 9007199254740993, CAST(x'ff41' AS TEXT), n, payload IS NULL AS p FROM ledger LIMIT 1"));
    ASSERT_EQ(report.results.size(), 1u);
    EXPECT_EQ(json(report.results[0]), R"([[1,1.5,"1",null,{"hex":"00ff"},"Inf",9007199254740993,{"text_hex":"ff41"},1,0]])");
    EXPECT_EQ(report.results[0].columns.back(), "p");
    EXPECT_EQ(report.results[0].types[8], "INTEGER");
    EXPECT_EQ(report.results[0].types[0], "");
    EXPECT_EQ(report.number, 1u);
    EXPECT_EQ(report.of, "backup #1");
    ASSERT_EQ(report.databases.size(), 1u);
    EXPECT_EQ(report.databases[0].name, "app");
}

TEST_F(QueryTest, NothingIsWrittenAnywhere) {
    const auto before = files_below(root.path());
    for (const std::string sql : {"DELETE FROM ledger", "INSERT INTO ledger(payload) VALUES (1)", "CREATE TABLE x(a)", "DROP TABLE ledger", "VACUUM", "VACUUM INTO 'copy.db'", "PRAGMA user_version = 9",
                                  "PRAGMA journal_mode = wal", "PRAGMA writable_schema = 1", "ATTACH 'other.db' AS o", "BEGIN", "REINDEX", "ANALYZE", "PRAGMA temp_store_directory = '/'",
                                  "PRAGMA temp_store = 1", "WITH x AS (SELECT 1) DELETE FROM ledger", "PRAGMA incremental_vacuum", "PRAGMA optimize", "PRAGMA wal_checkpoint"}) {
        for (const std::string word : {"latest", "live"}) {
            auto asked = request(sql);
            asked.snapshot = word;
            const auto refused = query(context, asked);
            ASSERT_THAT(refused, FailsWith(ErrorCode::invalid)) << sql;
            EXPECT_FALSE(refused.error().advice().empty()) << sql;
        }
    }
    must(ask("SELECT * FROM ledger ORDER BY payload"));
    EXPECT_EQ(files_below(root.path()), before);
}

TEST_F(QueryTest, TemporaryTablesAreTheQuerysOwn) {
    const auto report = must(ask("CREATE TEMP TABLE mine AS SELECT n FROM ledger WHERE n > 190; SELECT count(*) FROM mine; SELECT max(n) FROM mine"));
    ASSERT_EQ(report.results.size(), 2u);
    EXPECT_EQ(json(report.results[0]), "[[10]]");
    EXPECT_EQ(json(report.results[1]), "[[200]]");
    EXPECT_THAT(ask("SELECT count(*) FROM mine"), FailsWith(ErrorCode::invalid));
}

TEST_F(QueryTest, ParametersAsExecHasThem) {
    auto asked = request("SELECT n FROM ledger WHERE n IN (:a, $b)");
    asked.script.parameters = {"a=7", "b=9"};
    EXPECT_EQ(json(must(query(context, asked)).results[0]), "[[7],[9]]");
    asked.script.parameters = {"a=7"};
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
    asked.script.parameters = {"a=7", "b=9", "c=1"};
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
}

// SQLite would call the tokenizer at that address; of a bound value its own switch does not keep it.
TEST_F(QueryTest, NoBytesAreTakenForAnAddress) {
    for (const char* address : {"x'4141414141414141'", ":address"}) {
        auto asked = request(format("SELECT fts3_tokenizer('simple', {}); CREATE VIRTUAL TABLE temp.v USING fts4(a); INSERT INTO v VALUES ('x y')", address));
        if (address[0] == ':') asked.script.parameters = {"address=AAAAAAAA"};
        const auto refused = query(context, asked);
        ASSERT_FALSE(refused.ok()) << address;
        EXPECT_THAT(refused.error().message(), HasSubstr("fts3_tokenizer"));
    }
}

TEST_F(QueryTest, SqlAloneIsAskedOfTheNewest) {
    insert(database, 5);
    EXPECT_EQ(backup().number, 2u);
    auto asked = request("");
    asked.snapshot = "SELECT count(*) FROM ledger";
    const auto report = must(query(context, asked));
    EXPECT_EQ(json(report.results[0]), "[[205]]");
    EXPECT_EQ(report.number, 2u);
    asked.snapshot = "a file.db";  // which is a path where it is there
    std::filesystem::copy_file(database, work + "/a file.db");
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
    asked.script.sql = "SELECT count(*) FROM ledger";
    EXPECT_EQ(must(query(context, asked)).number, 0u);
}

TEST_F(QueryTest, RowsEndAtTheLimitAndSaySo) {
    insert(database, 2000);
    backup();
    const auto report = must(ask("SELECT n FROM ledger"));
    EXPECT_EQ(report.results[0].row_count, 1000u);
    EXPECT_EQ(report.results[0].rows.size(), 1000u);
    EXPECT_TRUE(report.results[0].more);
    ASSERT_EQ(report.warnings.size(), 1u);
    EXPECT_THAT(report.warnings[0], HasSubstr("--limit 0"));
    auto asked = request("SELECT n FROM ledger");
    asked.limit = "2200";
    EXPECT_FALSE(must(query(context, asked)).results[0].more) << "just as many as there are";
    asked.limit = "0";
    EXPECT_EQ(must(query(context, asked)).results[0].rows.size(), 2200u);
    asked.limit = "3";
    EXPECT_EQ(json(must(query(context, asked)).results[0]), "[[1],[2],[3]]");
    asked.limit = "some";
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
}

TEST_F(QueryTest, ASinkGetsEveryRowAndMayEndIt) {
    insert(database, 5000);
    backup();
    CountingSink sink;
    auto asked = request("SELECT n, payload FROM ledger");
    asked.rows = &sink;
    const auto report = must(query(context, asked));
    EXPECT_EQ(sink.rows, 5200u);
    EXPECT_EQ(sink.sum, 5200 * 5201 / 2);
    EXPECT_THAT(sink.columns, ElementsAre("n:INTEGER", "payload:TEXT"));
    EXPECT_EQ(report.results[0].row_count, 5200u);
    EXPECT_THAT(report.results[0].rows, IsEmpty());
    CountingSink small(10);
    asked.rows = &small;
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::full));
    EXPECT_EQ(small.rows, 10u);
    CountingSink one;
    asked.rows = &one;
    asked.script.sql = "SELECT 1; SELECT 2";
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(one.results, 0) << "it is told before the first row";
}

TEST_F(QueryTest, TheTimeLimitEndsWhatHasNoEnd) {
    auto asked = request("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) FROM c");
    asked.time_limit = "1s";
    const auto refused = query(context, asked);
    ASSERT_THAT(refused, FailsWith(ErrorCode::cancelled));
    EXPECT_THAT(refused.error().message(), HasSubstr("time limit"));
    asked.script.sql = "SELECT 1";
    EXPECT_THAT(query(context, asked), Succeeds());
    asked.time_limit = "soon";
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::invalid));
}

TEST_F(QueryTest, WhatIsMeantIsSuggested) {
    const auto refused = ask("SELECT * FROM legder");
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr("no such table: legder"));
    EXPECT_THAT(refused.error().advice(), HasSubstr("is ledger meant?"));
    EXPECT_THAT(ask("").error().advice(), HasSubstr("--tables"));
    EXPECT_THAT(ask("SELEC 1"), FailsWith(ErrorCode::invalid));
    auto swapped = request("");
    swapped.snapshot = "SELECT 1";
    swapped.at = "now";
    EXPECT_THAT(query(context, swapped), Succeeds()) << "with a time, the one word is the SQL";
}

TEST_F(QueryTest, SeveralDatabasesUnderTheirNames) {
    create_database(work + "/jobs.db", 5);
    execute(work + "/jobs.db", "CREATE TABLE only_here(a); INSERT INTO only_here VALUES ('x')");
    must(try_backup({database, work + "/jobs.db"}));
    auto asked = request("SELECT (SELECT count(*) FROM app.ledger), (SELECT count(*) FROM jobs.ledger), (SELECT count(*) FROM main.ledger), (SELECT a FROM only_here)");
    asked.snapshot = "2";
    EXPECT_EQ(json(must(query(context, asked)).results[0]), R"([[200,5,200,"x"]])");
    asked.only = {"jobs.db"};
    asked.script.sql = "SELECT count(*) FROM ledger";
    EXPECT_EQ(json(must(query(context, asked)).results[0]), "[[5]]");
    asked.only = {};
    asked.script.sql = "";
    asked.tables = true;
    const auto listed = must(query(context, asked));
    ASSERT_EQ(listed.tables.size(), 3u);
    EXPECT_EQ(listed.tables[2].database + "." + listed.tables[2].name, "jobs.only_here");
    EXPECT_THAT(listed.tables[0].columns, ElementsAre("n", "payload"));
}

// A sorter of a sealed repository's rows, larger than SQLite's cache, is nowhere on disk.
TEST_F(QueryTest, OfASealedRepositoryNothingIsWrittenInTheClear) {
    const auto sealed = make_sealed_repository();
    create_database(work + "/big.db", 60000);
    auto kept = backup_request({work + "/big.db"});
    kept.repository = sealed;
    must(operations::backup(context, kept));
    auto asked = request("PRAGMA temp_store");
    asked.repository = sealed;
    EXPECT_EQ(json(must(query(context, asked)).results[0]), "[[2]]");
    asked.script.sql = "SELECT count(*) FROM (SELECT DISTINCT payload || n FROM ledger ORDER BY payload DESC)";
    EXPECT_EQ(json(must(query(context, asked)).results[0]), "[[60000]]");
    asked.repository.key_file = "";
    EXPECT_THAT(query(context, asked), FailsWith(ErrorCode::denied));
}

TEST_F(QueryTest, ADamagedPackIsAnErrorWithItsReason) {
    create_database(work + "/big.db", 20000);
    must(try_backup({work + "/big.db"}));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository + "/packs")) {
        if (!entry.is_regular_file()) continue;
        Bytes bytes = tests::file_bytes(entry.path());
        for (std::size_t at = bytes.size() / 3; at < bytes.size() / 3 * 2; at += 100) bytes[at] ^= std::byte{0xff};
        std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
        tests::write_file(entry.path(), bytes);
    }
    auto asked = request("SELECT sum(length(payload)) FROM ledger");
    asked.snapshot = "2";
    const auto failed = query(context, asked);
    ASSERT_THAT(failed, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(failed.error().message(), HasSubstr("extent"));
    EXPECT_THAT(failed.error().message(), HasSubstr("pack"));
}

// Wherever a byte of a pack is another one: the rows are those that were kept, or there is an error.
TEST_F(QueryTest, AFlippedByteOfAPackMakesNoWrongRow) {
    create_database(work + "/big.db", 5000);
    for (const auto& where : {in_repository(), make_sealed_repository()}) {
        auto kept = backup_request({work + "/big.db"});
        kept.repository = where;
        const auto number = must(operations::backup(context, kept)).number;
        auto asked = request("SELECT * FROM ledger");
        asked.repository = where;
        asked.snapshot = std::to_string(number);
        const std::string right = json(must(query(context, asked)).results[0]);
        std::size_t refused = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(where.repository + "/packs")) {
            if (!entry.is_regular_file()) continue;
            std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
            const Bytes good = tests::file_bytes(entry.path());
            for (std::size_t part = 0; part < 20; ++part) {
                Bytes bad = good;
                bad[good.size() * part / 20 + part] ^= std::byte{4};
                tests::write_file(entry.path(), bad);
                const auto answer = query(context, asked);
                if (answer) EXPECT_EQ(json(answer->results[0]), right) << entry.path() << " " << part;
                else EXPECT_EQ(answer.error().code(), ErrorCode::corrupt) << answer.error().message();
                if (!answer) ++refused;
            }
            tests::write_file(entry.path(), good);
        }
        EXPECT_GT(refused, 2u) << where.repository;
        EXPECT_EQ(json(must(query(context, asked)).results[0]), right);
    }
}

TEST_F(QueryTest, WhatThisLibraryLacksIsNamed) {
    {
        auto connection = connect(work + "/odd.db");
        const auto compare = [](void*, int, const void*, int, const void*) { return 0; };
        ::sqlite3_create_collation(connection.handle(), "mine", SQLITE_UTF8, nullptr, compare);
        must(connection.execute("CREATE TABLE t(a TEXT COLLATE mine, b); CREATE INDEX i ON t(a); INSERT INTO t VALUES ('x', 1)"));
    }
    must(try_backup({work + "/odd.db"}));
    auto asked = request("SELECT * FROM t ORDER BY a");
    asked.snapshot = "2";
    const auto refused = query(context, asked);
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr("mine"));
    asked.script.sql = "SELECT a, b FROM t";
    EXPECT_EQ(json(must(query(context, asked)).results[0]), R"([["x",1]])");
}

}  // namespace
}  // namespace holdfast::operations
