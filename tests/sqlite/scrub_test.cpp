#include "holdfast/sqlite/scrub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::must;

class Scrubbing : public testing::Test {
protected:
    void make(const std::string& sql) { must(must(Connection::open(from, {.mode = OpenMode::create})).execute(sql)); }
    Result<ScrubReport> run(const std::vector<ScrubRule>& rules) { return scrub({.from = from, .to = to}, rules, bytes_of("a key")); }
    std::string ask(const std::string& sql) { return must(must(Connection::open(to)).text(sql)); }
    static std::string bytes_at(const std::string& path) {
        std::ostringstream bytes;
        bytes << std::ifstream(path, std::ios::binary).rdbuf();
        return bytes.str();
    }

    const tests::TemporaryFolder folder;
    const std::string from = folder / "from.db", to = folder / "to.db";
};

constexpr const char* contacts =
    "CREATE TABLE contacts(id INTEGER PRIMARY KEY, email TEXT, phone, note TEXT NOT NULL);"
    "CREATE INDEX by_email ON contacts(email);"
    "INSERT INTO contacts VALUES(1,'zebra@example.org',491234567,'x'),(2,'quagga@example.org',x'beef','y'),(3,NULL,1.5,'z'),(4,'zebra@example.org',NULL,'x');";

TEST_F(Scrubbing, KeepsNullsAndTypes) {
    make(contacts);
    const auto report = must(run({{.table = "contacts", .column = "email"}, {.table = "CONTACTS", .column = "Phone"}}));
    EXPECT_THAT(report.scrubbed, ElementsAre("contacts.email: mask, 3 rows", "CONTACTS.Phone: mask, 3 rows"));
    EXPECT_EQ(ask("SELECT group_concat(quote(email), ' ') FROM (SELECT email FROM contacts ORDER BY id)"), "'***' '***' NULL '***'");
    EXPECT_EQ(ask("SELECT group_concat(quote(phone), ' ') FROM contacts"), "0 X'' 0.0 NULL");
    EXPECT_EQ(ask("SELECT group_concat(note, ' ') FROM contacts"), "x y z x");
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(Scrubbing, GoesOnWithColumnsThatReferToTheScrubbed) {
    make("CREATE TABLE people(email TEXT PRIMARY KEY);"
         "CREATE TABLE orders(id INTEGER PRIMARY KEY, Buyer TEXT UNIQUE REFERENCES People(Email));"
         "CREATE TABLE notes(buyer TEXT REFERENCES orders(buyer), n);"
         "CREATE TABLE apart(email TEXT REFERENCES people);"
         "INSERT INTO people VALUES('zebra@example.org'),('quagga@example.org');"
         "INSERT INTO orders VALUES(1,'zebra@example.org'),(2,NULL); INSERT INTO notes VALUES('zebra@example.org',1); INSERT INTO apart VALUES('quagga@example.org');");
    const auto report = must(run({{.table = "people", .column = "email", .way = ScrubWay::hash}}));
    EXPECT_THAT(report.scrubbed, ElementsAre("people.email: hash, 2 rows", "apart.email: hash, 1 rows", "orders.Buyer: hash, 1 rows", "notes.buyer: hash, 1 rows"));
    EXPECT_EQ(ask("SELECT count(*) FROM pragma_foreign_key_check"), "0");
    EXPECT_EQ(ask("SELECT count(*) FROM people JOIN orders ON Buyer = email JOIN notes USING(buyer)"), "1");
    for (const std::string trace : {"zebra", "quagga"}) EXPECT_THAT(bytes_at(to), Not(HasSubstr(trace)));
    EXPECT_TRUE(report.notes.empty());
}

TEST_F(Scrubbing, TellsOfReferencesThatItCuts) {
    make("CREATE TABLE people(email TEXT PRIMARY KEY); CREATE TABLE orders(buyer TEXT REFERENCES people);"
         "INSERT INTO people VALUES('zebra@example.org'); INSERT INTO orders VALUES('zebra@example.org'),(NULL);");
    const auto report = must(run({{.table = "orders", .column = "buyer", .way = ScrubWay::hash}}));
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("references were cut by the scrubbing")));
}

TEST_F(Scrubbing, LeavesNoTraceInTheFile) {
    make(contacts);
    make("CREATE VIRTUAL TABLE words USING fts5(email, content='contacts', content_rowid='id');"
         "INSERT INTO words(words) VALUES('rebuild');"
         "CREATE VIRTUAL TABLE old USING fts4(note); INSERT INTO old VALUES('wildebeest here');"
         "CREATE TABLE past(was); CREATE TRIGGER keep AFTER UPDATE ON contacts BEGIN INSERT INTO past VALUES(old.email); END;"
         "CREATE TABLE gone(a); INSERT INTO gone VALUES('okapi okapi okapi'); DROP TABLE gone; ANALYZE;");
    ASSERT_THAT(bytes_at(from), HasSubstr("zebra"));
    must(run({{.table = "contacts", .column = "email"}, {.table = "old", .column = "note"}}));
    const std::string given = bytes_at(to);
    for (const std::string trace : {"zebra", "quagga", "wildebeest", "okapi"}) EXPECT_THAT(given, Not(HasSubstr(trace)));
    EXPECT_EQ(ask("SELECT count(*) FROM past"), "0");
    EXPECT_EQ(ask("SELECT count(*) FROM words WHERE words MATCH 'zebra'"), "0");
}

TEST_F(Scrubbing, HashesKeepWhatIsEqualEqual) {
    make(contacts);
    make("CREATE TABLE mails(receiver TEXT UNIQUE) STRICT; INSERT INTO mails VALUES('zebra@example.org'),('other')");
    must(run({{.table = "contacts", .column = "email", .way = ScrubWay::hash}, {.table = "mails", .column = "receiver", .way = ScrubWay::hash}}));
    EXPECT_EQ(ask("SELECT count(*) FROM contacts JOIN mails ON email = receiver"), "2");
    EXPECT_EQ(ask("SELECT count(DISTINCT email) FROM contacts"), "2");
    EXPECT_EQ(ask("SELECT max(length(email)) FROM contacts"), "32");
    const std::string with_one_key = ask("SELECT email FROM contacts WHERE id = 1");
    const std::string again = folder / "again.db", copy = folder / "copy.db";
    must(must(Connection::open(copy, {.mode = OpenMode::create})).execute(contacts));
    must(scrub({.from = copy, .to = again}, {{.table = "contacts", .column = "email", .way = ScrubWay::hash}}, bytes_of("another key")));
    EXPECT_NE(must(must(Connection::open(again)).text("SELECT email FROM contacts WHERE id = 1")), with_one_key);
}

TEST_F(Scrubbing, HashesNumbersAsNumbers) {
    make("CREATE TABLE t(a INTEGER, b REAL, c BLOB) STRICT; INSERT INTO t VALUES(5, 1.5, x'01'), (6, 2.5, x'02')");
    must(run({{.table = "t", .column = "a", .way = ScrubWay::hash}, {.table = "t", .column = "b", .way = ScrubWay::hash}, {.table = "t", .column = "c", .way = ScrubWay::hash}}));
    EXPECT_EQ(ask("SELECT group_concat(DISTINCT typeof(a) || typeof(b) || typeof(c) || length(c)) FROM t"), "integerrealblob16");
    EXPECT_EQ(ask("SELECT count(DISTINCT a) + count(DISTINCT b) + count(DISTINCT c) FROM t"), "6");
    EXPECT_EQ(ask("SELECT count(*) FROM t WHERE a IN (5, 6) OR b IN (1.5, 2.5)"), "0");
}

TEST_F(Scrubbing, TheSameBytesComeOutOfTheSame) {
    make(contacts);
    const std::string copy = folder / "copy.db", second = folder / "second.db";
    std::ofstream(copy, std::ios::binary) << bytes_at(from);
    const std::vector<ScrubRule> rules = {{.table = "contacts", .column = "email", .way = ScrubWay::hash}};
    must(run(rules));
    must(scrub({.from = copy, .to = second}, rules, bytes_of("a key")));
    EXPECT_EQ(bytes_at(second), bytes_at(to));
}

TEST_F(Scrubbing, WhatCannotBeDoneIsRefusedWithAWayOut) {
    make(contacts);
    make("CREATE TABLE u(a TEXT UNIQUE, b INT AS (length(a)), c TEXT NOT NULL); INSERT INTO u VALUES('p','q'),('r','s'); CREATE VIEW v AS SELECT a FROM u;");
    const auto refused = [&](const ScrubRule& rule) {
        const auto outcome = run({rule});
        return outcome ? std::string("done") : outcome.error().text();
    };
    EXPECT_THAT(refused({.table = "u", .column = "a"}), HasSubstr("choose hash"));
    EXPECT_THAT(refused({.table = "u", .column = "c", .way = ScrubWay::null}), HasSubstr("another way"));
    EXPECT_THAT(refused({.table = "u", .column = "b"}), HasSubstr("computed"));
    EXPECT_THAT(refused({.table = "u", .column = "renamed"}), HasSubstr("no such column"));
    EXPECT_THAT(refused({.table = "v", .column = "a"}), HasSubstr("view"));
    EXPECT_EQ(bytes_at(to), "");
}

TEST_F(Scrubbing, ARuleForATableThatIsNotThereIsTold) {
    make(contacts);
    EXPECT_THAT(must(run({{.table = "later", .column = "a"}})).absent, ElementsAre("later.a"));
}

TEST_F(Scrubbing, AnIndexWithoutTextIsEmptied) {
    make("CREATE TABLE t(a); CREATE VIRTUAL TABLE w USING fts5(a, content=''); INSERT INTO w(rowid, a) VALUES(1, 'zebra'); INSERT INTO t VALUES('zebra')");
    EXPECT_THAT(must(run({{.table = "t", .column = "a"}})).notes, ElementsAre(HasSubstr("w keeps no text")));
    EXPECT_THAT(bytes_at(to), Not(HasSubstr("zebra")));
}

}  // namespace
}  // namespace holdfast::sqlite
