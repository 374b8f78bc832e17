#include "holdfast/dump/sql_dump.h"

#include "dump/dump_world.h"
#include "support/random_database.h"

namespace holdfast::dump {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using tests::FailsWith;
using tests::RandomDatabase;

void expect_equal(const sqlite::Image& image, const std::string& dump) {
    auto made = loaded(dump);
    const auto copy = image_of(made);
    const auto left = must(rows::compare(image, *copy, {}));
    for (const auto& property : left.properties) EXPECT_TRUE(property.name == "page_size" || property.name == "auto_vacuum") << in_words(left);
    EXPECT_THAT(left.schema, IsEmpty()) << in_words(left);
    EXPECT_THAT(left.tables, IsEmpty()) << in_words(left);
    ASSERT_EQ(everything(*copy), everything(image));
    ASSERT_EQ(must(made.text("PRAGMA integrity_check")), "ok");
    rows::expect_sound_indexes(made);
}

void expect_lines_are_rows(const std::string& text) {
    std::uint64_t rows = 0, told = 0;
    for (const auto& line : split(text, '\n')) {
        rows += line.starts_with("INSERT INTO \"") && !line.ends_with("VALUES('rebuild');") && line.find("'rank'") == std::string::npos;
        if (line.starts_with("-- rows: ")) told += static_cast<std::uint64_t>(std::stoll(line.substr(9)));
        EXPECT_TRUE(!line.starts_with("INSERT INTO \"") || line.ends_with(");")) << line;
    }
    EXPECT_EQ(rows, told);
}

TEST(SqlDump, OfRandomDatabasesMakesEqualOnes) {
    for (int seed = 1; seed <= seeds(); ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        RandomDatabase database(static_cast<std::uint64_t>(seed));
        if (seed % 2 == 0) database.edit();
        const auto image = database.image();
        const std::string dump = dump_of(*image);
        expect_equal(*image, dump);
        expect_lines_are_rows(dump);
        if (::testing::Test::HasFailure()) return;
        auto made = loaded(dump);
        const std::string again = dump_of(*image_of(made));
        const auto differs = static_cast<std::size_t>(std::ranges::mismatch(again, dump).in1 - again.begin());
        ASSERT_TRUE(again == dump) << "equal content gives equal bytes: " << again.substr(differs, 200) << " | " << dump.substr(differs, 200);
    }
}

TEST(SqlDump, KeepsWhatOthersLose) {
    for (const std::string encoding : {"UTF-8", "UTF-16le", "UTF-16be"}) {
        const auto image = made_by("PRAGMA encoding = '" + encoding + R"(';
            CREATE TABLE plain(a, b INTEGER, c REAL, d TEXT, e BLOB, f NUMERIC);
            INSERT INTO plain(rowid, a, b, c, d, e, f) VALUES (7, NULL, 1.5, 1, '', x'', 1e18), (9, 9e999, -9e999, 5e-324, 'it''s', x'00ff', 0.1),
                (-3, CAST(x'610062' AS TEXT), 9223372036854775807, 1.7976931348623157e308, 'a' || char(13,10) || 'b' || char(10) || char(13) || '\n', x'27', -9223372036854775808),
                (10, CAST(x'fffe00d8' AS TEXT), 'text in an integer', -0.0, char(65279) || 'mark', CAST('t' AS BLOB), 123456789012345680.0);
            CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO keyed VALUES ('z', 1), ('', 2), ('A', 3);
            CREATE TABLE strict(i INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT NOT NULL, any ANY) STRICT; INSERT INTO strict VALUES (5, 'x', 5.0), (90, 'y', '5'); DELETE FROM strict WHERE i = 90;
            CREATE TABLE made(a INTEGER, b AS (a * 2), c TEXT AS (a || '!') STORED, d); INSERT INTO made(a, d) VALUES (1, 'd');
            CREATE TABLE checked(a CHECK(a > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO checked VALUES (-1); PRAGMA ignore_check_constraints = OFF;
            CREATE TABLE "odd ""name"""("a b", "select", [rowid]); INSERT INTO "odd ""name""" VALUES (1, 2, 3);
            CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent(id)); CREATE TABLE parent(id INTEGER PRIMARY KEY, c REFERENCES child(id)); INSERT INTO parent VALUES (1, 2); INSERT INTO child VALUES (2, 1), (3, 99);
            CREATE TABLE log(what); CREATE TRIGGER acts AFTER INSERT ON plain BEGIN INSERT INTO log VALUES (new.a); END; INSERT INTO log VALUES ('one');
            CREATE VIEW seen AS SELECT a FROM plain; CREATE TRIGGER instead INSTEAD OF INSERT ON seen BEGIN INSERT INTO log VALUES (1); END;
            CREATE UNIQUE INDEX part ON plain(a) WHERE a > 5 -- and a comment
            ;PRAGMA user_version = 17; PRAGMA application_id = 4711)");
        const auto dumped = must(try_to_dump(*image));
        expect_equal(*image, dumped.text);
        expect_lines_are_rows(dumped.text);
        EXPECT_EQ(dumped.report.rows, 15u);
        EXPECT_EQ(dumped.report.bytes, dumped.text.size());
    }
}

TEST(SqlDump, BuildsIndexesOverOtherTablesAgainAndWritesWhatHasRows) {
    const auto image = made_by(R"(
        CREATE TABLE docs(id INTEGER PRIMARY KEY, body); INSERT INTO docs VALUES (1, 'a first one'), (8, 'a second');
        CREATE VIRTUAL TABLE found USING fts5(body, content='docs', content_rowid='id'); INSERT INTO found(found) VALUES ('rebuild'); INSERT INTO found(found, rank) VALUES ('rank', 'bm25(10.0)');
        CREATE VIRTUAL TABLE notes USING fts5(title, body UNINDEXED, prefix='2'); INSERT INTO notes(rowid, title, body) VALUES (3, 'three', 'it''s' || char(10) || 'two lines');
        CREATE VIRTUAL TABLE old USING fts4(a, b, languageid='lid'); INSERT INTO old(rowid, a, b, lid) VALUES (5, 'x y', 'z', 7);
        CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +label); INSERT INTO boxes VALUES (4, 0.5, 1.5, 'here'), (2, 7, 8, NULL);
        CREATE TRIGGER follows AFTER INSERT ON docs BEGIN INSERT INTO found(rowid, body) VALUES (new.id, new.body); END)");
    const auto dumped = must(try_to_dump(*image));
    expect_equal(*image, dumped.text);
    EXPECT_THAT(dumped.report.unreadable, IsEmpty());
    EXPECT_THAT(dumped.text, Not(HasSubstr("found_data")));
}

TEST(SqlDump, SaysWhatNobodyCanRead) {
    const auto image = made_by("CREATE TABLE t(a); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE words USING fts5(a, content=''); INSERT INTO words(rowid, a) VALUES (1, 'x')");
    const auto dumped = must(try_to_dump(*image));
    EXPECT_THAT(dumped.report.unreadable, ElementsAre(HasSubstr("words is a full-text index without content")));
    auto made = loaded(dumped.text);
    EXPECT_EQ(must(made.integer("SELECT count(*) FROM words WHERE words MATCH 'x'")), 0);
}

TEST(SqlDump, OfChosenTablesHasWhatBelongsToThem) {
    const auto image = made_by(R"(CREATE TABLE child(p REFERENCES parent(id)); CREATE TABLE parent(id INTEGER PRIMARY KEY, body); CREATE TABLE other(a); INSERT INTO parent VALUES (1, 'one'); INSERT INTO child VALUES (1);
        CREATE INDEX by_body ON parent(body); CREATE INDEX by_a ON other(a); CREATE VIRTUAL TABLE found USING fts5(body, content='parent', content_rowid='id'); INSERT INTO found(found) VALUES ('rebuild');
        CREATE VIEW v AS SELECT * FROM other; CREATE TRIGGER r AFTER INSERT ON other BEGIN SELECT 1; END)");
    const auto dumped = must(try_to_dump(*image, {.wanted = {.tables = {"CHILD", "parent"}}}));
    EXPECT_THAT(dumped.report.tables, ElementsAre(::testing::Field(&DumpedTable::name, "parent"), ::testing::Field(&DumpedTable::name, "child"))) << "parents first";
    EXPECT_THAT(dumped.text, HasSubstr("-- part: not all tables\n"));
    auto made = loaded(dumped.text);
    EXPECT_EQ(must(made.text("SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE name NOT LIKE 'found!_%' ESCAPE '!' ORDER BY name)")), "by_body child found parent");
    EXPECT_EQ(must(made.integer("SELECT count(*) FROM found WHERE found MATCH 'one'")), 1);
    auto without = loaded(dump_of(*image, {.wanted = {.exclude = {"other"}}}));
    EXPECT_EQ(must(without.integer("SELECT count(*) FROM sqlite_schema WHERE name IN ('other', 'by_a', 'v', 'r')")), 0);
    const auto missed = try_to_dump(*image, {.wanted = {.tables = {"childs"}}});
    ASSERT_THAT(missed, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(missed.error().text(), HasSubstr("did you mean child?"));
}

TEST(SqlDump, SaysWhereItIsFromAndEndsWithItsHash) {
    const auto image = made_by("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)");
    const std::string text = dump_of(*image, {.origin = {.database = "odd\nname.db", .source = "app", .machine = "mira_3fa91c", .time = {1'700'000'000'123'000'000}}});
    EXPECT_TRUE(text.starts_with("-- holdfast dump 1\n-- database: odd\\x0aname.db\n-- source: app\n-- machine: mira_3fa91c\n-- time: 2023-11-14T22:13:20.123Z\n-- schema: ")) << text.substr(0, 300);
    const auto end = text.rfind("-- end: ");
    EXPECT_EQ(text.substr(end), format("-- end: 1 tables, 2 rows, sha256 {}\n", sha256(bytes_of(text.substr(0, end))).hex()));
}

TEST(SqlDump, ADamagedRowIsAnErrorAndNoEnd) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute("CREATE TABLE t(a); INSERT INTO t SELECT hex(randomblob(300)) FROM (WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) SELECT i FROM n)"));
    Bytes bytes = tests::serialized(connection);
    std::fill(bytes.begin() + 40 * 4096, bytes.begin() + 41 * 4096, std::byte{0x5a});
    const auto image = sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), bytes);
    EXPECT_THAT(try_to_dump(*image), FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::dump
