#include "holdfast/dump/dump_reader.h"

#include "dump/dump_world.h"
#include "dump/text_pieces.h"
#include "holdfast/dump/sql_format.h"

namespace holdfast::dump {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::FailsWith;
using tests::Succeeds;

struct ReadAll {
    DumpHead head;
    std::vector<std::string> rows, made;
};
Result<ReadAll> read(const std::string& text, std::size_t piece = 1 << 20, Proof proof = Proof::needed) {
    auto reader = TRY(DumpReader::open(source_of(text, piece), proof));
    ReadAll all{.head = reader.head(), .rows = {}, .made = {}};
    DumpItem item;
    for (TRY(reader.next(item)); item.kind != DumpItem::Kind::end; TRY(reader.next(item))) {
        if (item.kind == DumpItem::Kind::make) all.made.emplace_back(item.sql);
        if (item.kind != DumpItem::Kind::row) continue;
        std::string row = item.table->table;
        for (std::size_t i = 0; i < item.values->size(); ++i) row += " " + (item.table->columns.empty() ? "?" : item.table->columns[i]) + "=" + in_words((*item.values)[i]);
        all.rows.push_back(row);
    }
    return all;
}
std::vector<std::string> rows_of(const std::string& text) {
    const auto all = read(text);
    EXPECT_TRUE(all.ok()) << all.error().text();
    return all ? all->rows : std::vector<std::string>();
}

const std::string small = dump_of(*made_by("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO t VALUES (1, 'it''s; -- no comment'), (2, 'two' || char(10) || 'lines'), (3, NULL); CREATE INDEX i ON t(body)"),
                                  {.origin = {.database = "app.db", .source = {}, .machine = "mira_3fa91c", .time = {1'700'000'000'000'000'000}}});

TEST(DumpReader, SaysWhatTheHeaderSays) {
    const auto all = must(read(small));
    EXPECT_EQ(all.head.dialect, Dialect::holdfast);
    EXPECT_EQ(all.head.origin.machine, "mira_3fa91c");
    EXPECT_EQ(all.head.origin.database, "app.db");
    EXPECT_EQ(all.head.origin.time.nanoseconds, 1'700'000'000'000'000'000);
    EXPECT_THAT(all.rows, ElementsAre("t id=1 body='it's; -- no comment'", "t id=2 body='two\nlines'", "t id=3 body=NULL"));
    EXPECT_THAT(all.made, ElementsAre(HasSubstr("CREATE TABLE t("), "CREATE INDEX i ON t(body);"));
}

TEST(DumpReader, WhereverItIsCutItIsNoticed) {
    ASSERT_TRUE(small.ends_with("\n"));
    for (std::size_t size = 1; size + 1 < small.size(); ++size) {
        const auto all = read(small.substr(0, size));
        ASSERT_FALSE(all.ok()) << size << ": " << small.substr(0, size);
    }
    EXPECT_THAT(read(small.substr(0, small.rfind("-- end"))), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read(small.substr(0, small.size() - 1)), Succeeds()) << "the end of the last line is nothing";
    EXPECT_THAT(read(small + "INSERT INTO t VALUES(4,'x');\n"), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read(small + small), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read(small + "\n\n"), Succeeds());
}

TEST(DumpReader, WhereverItIsEditedItIsNoticed) {
    for (std::size_t at = 0; at + 1 < small.size(); ++at) {
        for (const char other : {'x', '\'', ';', '\0', '0', '\n'}) {
            std::string edited = small;
            if (edited[at] == other) continue;
            edited[at] = other;
            const auto all = read(edited);
            const bool is_other_kind = at < first_line.size();  // then it is no dump of ours, and has nothing that proves it
            ASSERT_TRUE(!all.ok() || is_other_kind) << at << " " << edited.substr(at, 20);
        }
    }
    std::string edited = small;
    edited.replace(edited.find("(3,NULL)"), 8, "(3,'me')");
    ASSERT_THAT(read(edited), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read(edited).error().text(), AllOf(HasSubstr("line"), HasSubstr("--unproven")));
    const auto taken = must(read(edited, 100, Proof::waived));
    EXPECT_EQ(taken.rows.back(), "t id=3 body='me'");
}

TEST(DumpReader, EndsOfLinesThatGitTurnedAreNothing) {
    std::string turned;
    for (const char c : small) turned += c == '\n' ? "\r\n" : std::string(1, c);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1} << 20}) {
        const auto all = read(turned, piece);
        ASSERT_TRUE(all.ok()) << all.error().text();
        EXPECT_EQ(all->rows, must(read(small)).rows);
    }
}

TEST(DumpReader, ReadsValuesAsSqliteDoes) {
    auto judge = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    const std::vector<std::string> values = {"0", "-0", "+7", "- 5", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "0x10", "0xFFFFFFFFFFFFFFFF", "1.5", ".5", "5.", "1e3", "1E-3", "-1.5e+300",
        "9e999", "-9e999", "1e-400", "NULL", "null", "TRUE", "false", "''", "'it''s'", "'a\nb'", "x''", "X'00ff'", "x'616263'", "replace('a\\nb','\\n',char(10))", "replace(replace('a\\nb\\r','\\r',char(13)),'\\n',char(10))", "char(228,8364)",
        "'a'||'b'||char(0)", "CAST(x'610062' AS TEXT)", "(CAST(4503599627370497 AS REAL)*1073741824.0/4.0)", "CAST(-3 AS REAL)", "(1.5)", "-(1.5)", "CAST('x' AS BLOB)", "replace('aaa','','x')", "replace('aaa','aa','b')"};
    for (const auto& value : values) {
        auto row = must(judge.prepare("SELECT " + value));
        ASSERT_TRUE(must(row.step()));
        const auto all = read("INSERT INTO t(a) VALUES(" + value + ");", 2);
        ASSERT_TRUE(all.ok()) << value << ": " << all.error().text();
        EXPECT_THAT(all->rows, ElementsAre("t a=" + in_words(row.column_value(0)))) << value;
    }
    EXPECT_THAT(rows_of("INSERT INTO t(a) VALUES(unistr('a\\000a\\u00e4\\\\'));"), ElementsAre("t a='a\nä\\'")) << "as SQLite 3.50 writes texts";
    EXPECT_THAT(rows_of("INSERT INTO t(a,b,c) VALUES(inf, -inf, nan);"), ElementsAre("t a=inf b=-inf c=NULL")) << "as Python prints them";
}

TEST(DumpReader, ReadsStatementsInAllTheirForms) {
    EXPECT_THAT(rows_of("/* c */ insert into t values (1, 2), (3,4) ; REPLACE INTO [odd name](\"a\"\"b\", `c`) VALUES(5,6);INSERT OR IGNORE INTO main.'u' VALUES(7);"),
                ElementsAre("t ?=1 ?=2", "t ?=3 ?=4", "odd name a\"b=5 c=6", "u ?=7"));
    EXPECT_THAT(read("INSERT INTO u VALUES(7)"), FailsWith(ErrorCode::corrupt)) << "it has no end";
}

TEST(DumpReader, ColumnsOfRowsWithoutNamesAreThoseOfTheTable) {
    EXPECT_THAT(rows_of("CREATE TABLE IF NOT EXISTS \"t\"(\"a,b\" TEXT DEFAULT (',)'), c AS (a || 'x'), d GENERATED ALWAYS AS (1) STORED, e CHECK(CAST(e AS TEXT) <> ')'), -- f,\n [g h], PRIMARY KEY(e), CHECK(e > 0)) WITHOUT ROWID; INSERT INTO t VALUES (1,2,3);"),
                ElementsAre("t a,b=1 e=2 g h=3"));
    const auto many = read("CREATE TABLE t(a, b);\nINSERT INTO t VALUES (1);");
    ASSERT_THAT(many, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(many.error().text(), AllOf(HasSubstr("line 2 (byte 23)"), HasSubstr("1 values for 2 columns of t")));
}

TEST(DumpReader, ReadsHistoriesOfOak) {
    const std::string header = "-- OAK Codebase Intelligence History Backup\n-- Exported: 2026-01-30T10:00:00.123456\n-- Machine: octo_a7b3c2\n-- Schema version: 17\n\n";
    const std::string rows = "-- sessions (2 records)\nINSERT INTO sessions (id, title) VALUES ('a', 'with\nlines; and\n-- sessions (9 records)');\nINSERT INTO sessions (id, title) VALUES ('b', NULL);\n\n-- activities (1 records)\nINSERT INTO activities (id, n) VALUES (1, 1e-05);\n";
    const auto all = must(read(header + rows, 5));
    EXPECT_EQ(all.head.dialect, Dialect::oak);
    EXPECT_EQ(all.head.origin.machine, "octo_a7b3c2");
    EXPECT_EQ(all.head.schema_version, 17);
    EXPECT_EQ(to_rfc3339(all.head.origin.time), "2026-01-30T10:00:00.123Z");
    EXPECT_THAT(all.rows, ElementsAre("sessions id='a' title='with\nlines; and\n-- sessions (9 records)'", "sessions id='b' title=NULL", "activities id=1 n=1e-05"));
    EXPECT_EQ(must(read("-- OAK Team History Backup\n-- Exported: 2026-03-01T10:00:00\n-- Schema version: 10\n\n" + rows)).head.schema_version, 10) << "without a machine, by another name";
    EXPECT_THAT(must(read(header)).rows, IsEmpty());
    EXPECT_THAT(read(header + rows.substr(0, rows.rfind("INSERT"))), FailsWith(ErrorCode::corrupt)) << "a row is missing";
    EXPECT_THAT(read(header + rows.substr(0, rows.rfind(")"))), FailsWith(ErrorCode::corrupt));
    std::string windows;
    for (const char c : header + rows) windows += c == '\n' ? "\r\n" : std::string(1, c);
    EXPECT_EQ(must(read(windows, 3)).rows, all.rows) << "written in text mode";
}

std::string many_signs() {
    std::string signs;
    for (int i = 0; i < 5000; ++i) signs += "- ";
    return signs;
}

TEST(DumpReader, RunsNothing) {
    const std::vector<std::string> hostile = {"DROP TABLE t", "ATTACH 'x.db' AS x", "UPDATE t SET a = 1", "DELETE FROM t", "SELECT load_extension('x')", "INSERT INTO t SELECT * FROM u", "INSERT INTO t VALUES (randomblob(1e9))", "INSERT INTO t VALUES ((SELECT 1))",
        "INSERT INTO t DEFAULT VALUES", "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "INSERT INTO t VALUES (1) RETURNING a", "VACUUM", "ALTER TABLE t ADD b", "INSERT INTO t VALUES (" + std::string(5000, '(') + "1)", "INSERT INTO t VALUES (" + many_signs() + "1)",
        "INSERT INTO t VALUES (1 + 1)", "INSERT INTO t VALUES (x'0')", "INSERT INTO t VALUES (x'0g')", "INSERT INTO t VALUES (1.2.3)", "INSERT INTO t VALUES (1a)", "INSERT INTO t VALUES (?1)", "INSERT INTO t VALUES (1/0.0)", ".shell ls", "\x7f" "ELF\x01\x02", std::string("SQLite format 3\0", 16), "INSERT INTO t(a VALUES (1)",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "{\"json\": 1}", "a,b\n1,2"};
    for (const auto& statement : hostile) {
        const auto all = read("INSERT INTO t(a) VALUES(1);\n  " + statement + ";\n", 7);
        ASSERT_THAT(all, FailsWith(ErrorCode::invalid)) << statement.substr(0, 60);
        EXPECT_THAT(all.error().text(), HasSubstr("line ")) << statement.substr(0, 60);
    }
}

TEST(DumpReader, TheLaterFormatIsRefusedByName) {
    const auto all = read("-- holdfast dump 2\n-- machine: x\n");
    ASSERT_THAT(all, FailsWith(ErrorCode::too_new));
    EXPECT_THAT(all.error().text(), HasSubstr("format 2"));
}

TEST(DumpReader, ADumpOfTheShellEndsWithItsCommit) {
    const std::string begin = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\nINSERT INTO t VALUES(1);\n";
    EXPECT_THAT(rows_of(begin + "DELETE FROM sqlite_sequence;\nINSERT INTO sqlite_sequence VALUES('t',5);\nCOMMIT;\n"), ElementsAre("t a=1", "sqlite_sequence ?='t' ?=5"));
    EXPECT_THAT(read(begin), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read(begin + "ROLLBACK; -- due to errors\n"), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::dump
