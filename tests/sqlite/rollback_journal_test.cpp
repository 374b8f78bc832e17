#include "holdfast/sqlite/rollback_journal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/file_image.h"
#include "support/bytes_vfs.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/journal_bytes.h"
#include "support/results.h"
#include "support/temporary_folder.h"
#include "support/workload.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using tests::BytesFile;
using tests::DatabaseProcess;
using tests::different_pages;
using tests::JournalBytes;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::Pair;

PageSize size_of(std::uint32_t bytes) { return must(PageSize::from_bytes(bytes)); }

Result<std::optional<JournalMap>> scan(const Bytes& bytes) {
    const BytesFile file(bytes);
    return scan_journal(file.open(RawFileKind::journal), size_of(1024));
}
JournalMap scanned(const Bytes& bytes) { return must(scan(bytes)).value(); }

// What lies in folder/a.db and its journal, as an image; the file as it is when nothing would be played back.
Bytes rolled_back_view(const std::string& folder, PageSize page_size) {
    const auto database = must(RawFile::open(folder + "/a.db"));
    const auto journal = RawFile::open(folder + "/a.db-journal", {.kind = RawFileKind::journal});
    auto map = journal ? must(scan_journal(*journal, page_size)) : std::nullopt;
    if (map) return tests::image_bytes(*must(journal_image(database, *journal, std::move(*map))));
    const PageNumber pages{static_cast<std::uint32_t>(must(database.size()) / page_size.bytes())};
    return tests::image_bytes(*file_image(database, page_size, pages));
}

// SQLite's rollback of a copy: the bytes of the file after it, so that nothing but the rollback is compared.
Bytes rolled_back_by_sqlite(const std::string& folder) {
    const TemporaryFolder copy;
    for (const char* ending : {"", "-journal"}) {
        if (std::filesystem::exists(folder + "/a.db" + ending)) {
            std::filesystem::copy_file(folder + "/a.db" + ending, copy / "a.db" + ending);
        }
    }
    {
        auto connection = must(Connection::open(copy / "a.db", {.mode = OpenMode::read_write}));
        (void)connection.integer("PRAGMA schema_version");  // fails where a damaged journal leaves a damaged database
    }
    return tests::file_bytes(copy / "a.db");
}

// --- journals of real writers ---

class HotJournalTest : public ::testing::TestWithParam<std::string> {
protected:
    static bool is_hot(const std::string& folder) {
        const Bytes journal = tests::file_bytes(folder + "/a.db-journal");
        return !journal.empty() && journal[0] != std::byte{0};
    }
};
INSTANTIATE_TEST_SUITE_P(Settings, HotJournalTest,
                         ::testing::Values("journal_mode=DELETE; PRAGMA synchronous=FULL",
                                           "journal_mode=DELETE; PRAGMA synchronous=NORMAL",
                                           "journal_mode=DELETE; PRAGMA synchronous=OFF",
                                           "journal_mode=TRUNCATE; PRAGMA synchronous=NORMAL",
                                           "journal_mode=PERSIST; PRAGMA synchronous=FULL",
                                           "journal_mode=PERSIST; PRAGMA synchronous=OFF"));

// Pages that were free before the transaction need not come back as they were; SQLite does not journal them.
TEST_P(HotJournalTest, IsWhatSqliteRollsBackToAfterKill9) {
    const std::string content = "SELECT count(*), sum(length(b)), group_concat(id || s) FROM t";
    int hot = 0;
    for (int round = 0; round < 8; ++round) {
        const TemporaryFolder folder;
        const tests::DatabaseShape shape{.page_size = 512u << round, .auto_vacuum = round % 3};
        {
            auto creator = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
            tests::create_database(creator, shape, "DELETE");
            for (int i = 0; i < 6; ++i) must(creator.execute(tests::sql_of({i % 3, 300 + i * 61})));
        }
        DatabaseProcess writer(folder / "a.db");
        writer.run("PRAGMA cache_size=5; PRAGMA " + GetParam());
        writer.run("UPDATE t SET s = 'x' WHERE id < 5");  // PERSIST leaves records of this one behind
        const std::string committed = writer.run(content);
        writer.run("BEGIN; DELETE FROM t WHERE id % 2; PRAGMA incremental_vacuum(5);" + tests::sql_of({0, 45 + round * 100}));
        writer.kill_now();
        hot += is_hot(folder.path());
        const auto files = tests::footprint(folder.path());
        const Bytes view = rolled_back_view(folder.path(), size_of(shape.page_size));
        EXPECT_EQ(tests::footprint(folder.path()), files);
        EXPECT_THAT(different_pages(view, rolled_back_by_sqlite(folder.path()), shape.page_size), IsEmpty()) << round;
        tests::write_file(folder / "view.db", view);
        DatabaseProcess reader(folder / "view.db");
        EXPECT_EQ(reader.run(content), committed) << round;
        EXPECT_EQ(reader.run("PRAGMA integrity_check"), "ok") << round;
    }
    EXPECT_GE(hot, 5);
}

TEST_P(HotJournalTest, NothingIsPlayedBackAfterACommit) {
    const TemporaryFolder folder;
    DatabaseProcess writer(folder / "a.db");
    writer.run("PRAGMA " + GetParam() + "; CREATE TABLE t(x); INSERT INTO t VALUES (1); UPDATE t SET x = 2");
    const auto journal = RawFile::open(folder / "a.db-journal", {.kind = RawFileKind::journal});
    EXPECT_EQ(journal.ok(), GetParam().find("DELETE") == std::string::npos);
    if (!journal.ok()) return;
    EXPECT_EQ(must(scan_journal(*journal, size_of(4096))), std::nullopt);
}

TEST(ManySegmentsTest, AreAllPlayedBack) {
    const TemporaryFolder folder;
    DatabaseProcess writer(folder / "a.db");
    writer.run("PRAGMA page_size=1024; PRAGMA cache_size=5; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, b);"
               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300) INSERT INTO t SELECT i, randomblob(900) FROM n");
    const Bytes before = tests::file_bytes(folder / "a.db");
    writer.run("BEGIN; UPDATE t SET b = randomblob(900)");
    writer.kill_now();
    const Bytes journal = tests::file_bytes(folder / "a.db-journal");
    int headers = 0;
    for (std::size_t at = 0; at + 512 <= journal.size(); at += 512) headers += to_hex(ByteView(journal).subspan(at, 8)) == "d9d505f920a163d7";
    ASSERT_GT(headers, 5);
    EXPECT_GT(scanned(journal).offset_of_page.size(), 250u);
    EXPECT_THAT(different_pages(rolled_back_view(folder.path(), size_of(1024)), before, 1024), IsEmpty());
}

// --- journals that are damaged: what SQLite makes of them ---

class DamagedJournalTest : public ::testing::Test {
protected:
    DamagedJournalTest() {
        DatabaseProcess writer(folder_ / "a.db");
        writer.run("PRAGMA page_size=512; PRAGMA cache_size=5; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, b);"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60) INSERT INTO t SELECT i, randomblob(400) FROM n");
        writer.run("BEGIN; UPDATE t SET b = randomblob(400)");
        writer.kill_now();
        journal_ = tests::file_bytes(folder_ / "a.db-journal");
    }
    void expect_same_as_sqlite(const Bytes& journal) const {
        tests::write_file(folder_ / "a.db-journal", journal);
        const Bytes view = rolled_back_view(folder_.path(), size_of(512));
        RC_ASSERT(different_pages(view, rolled_back_by_sqlite(folder_.path()), 512) == std::vector<std::uint32_t>());
    }
    const TemporaryFolder folder_;
    Bytes journal_;
};

TEST_F(DamagedJournalTest, EndsWhereSqliteEndsItWhenABitFlips) {
    ASSERT_GT(journal_.size(), 20'000u);
    EXPECT_TRUE(rc::check([this] {
        Bytes journal = journal_;
        const auto at = *rc::gen::inRange<std::size_t>(0, journal.size());
        // The size of the database (16 to 19) may grow by little only: SQLite would make the file that large.
        RC_PRE(at < 16 || at > 18);
        journal[at] ^= std::byte{*rc::gen::element<std::uint8_t>(1, 4, 32, 128)};
        expect_same_as_sqlite(journal);
    }));
}

TEST_F(DamagedJournalTest, EndsWhereSqliteEndsItWhenTheHeadersChange) {
    EXPECT_TRUE(rc::check([this] {
        Bytes journal = journal_;
        const auto at = *rc::gen::element<std::size_t>(0, 8, 9, 10, 11, 12, 15, 19, 20, 21, 22, 23, 24, 25, 26, 27);
        journal[at] = std::byte{*rc::gen::element<std::uint8_t>(0, 1, 2, 3, 16, 32, 64, 128, 255)};
        expect_same_as_sqlite(journal);
    }));
}

TEST_F(DamagedJournalTest, EndsWhereSqliteEndsItWhenItIsCut) {
    EXPECT_TRUE(rc::check([this] {
        Bytes journal = journal_;
        journal.resize(*rc::gen::inRange<std::size_t>(0, journal.size()));
        expect_same_as_sqlite(journal);
    }));
}

// --- journals written by hand, and rolled back by SQLite ---

class HandmadeJournalTest : public ::testing::Test {
protected:
    HandmadeJournalTest() {
        auto connection = must(Connection::open(folder_ / "a.db", {.mode = OpenMode::create}));
        must(connection.execute("PRAGMA page_size=512; CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(3000))"));
        pages_ = static_cast<std::uint32_t>(must(connection.integer("PRAGMA page_count")));
        first_page_ = tests::file_bytes(folder_ / "a.db");
        first_page_.resize(512);
    }
    // Played back by both; the numbers of pages that it changed.
    std::vector<std::uint32_t> changed_by(const JournalBytes& journal) const {
        const Bytes before = tests::file_bytes(folder_ / "a.db");
        tests::write_file(folder_ / "a.db-journal", journal.bytes());
        const Bytes view = rolled_back_view(folder_.path(), size_of(512));
        EXPECT_THAT(different_pages(view, rolled_back_by_sqlite(folder_.path()), 512), IsEmpty());
        return different_pages(view, before, 512);
    }
    const TemporaryFolder folder_;
    std::uint32_t pages_ = 0;
    Bytes first_page_;
};

TEST_F(HandmadeJournalTest, TheLastRecordOfAPageCounts) {
    JournalBytes journal;
    journal.header({.records = 3, .original_pages = pages_}).record(3, 1).record(4, 2).record(3, 9);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3, 4));
    EXPECT_EQ(tests::file_bytes(folder_ / "a.db-journal"), journal.bytes());
    EXPECT_EQ(rolled_back_view(folder_.path(), size_of(512))[2 * 512 + 100], std::byte{9});
}

TEST_F(HandmadeJournalTest, AWrongSumEndsTheWholeJournal) {
    JournalBytes journal;
    journal.header({.records = 2, .original_pages = pages_}).record(3, 1).record(4, 2, 1);
    journal.header({.records = 1, .original_pages = pages_}).record(5, 3);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3));
}

TEST_F(HandmadeJournalTest, PagesPastTheOriginalSizeArePassedOver) {
    JournalBytes journal;
    journal.header({.records = 3, .original_pages = pages_}).record(3, 1).record(pages_ + 1, 2, 1).record(4, 3);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3, 4));
}

TEST_F(HandmadeJournalTest, TheFirstHeaderTellsTheSize) {
    JournalBytes journal;
    journal.header({.records = 1, .original_pages = pages_ - 2}).record(3, 1);
    journal.header({.records = 1, .original_pages = pages_}).record(4, 2);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3, 4, pages_ - 1, pages_));
}

TEST_F(HandmadeJournalTest, CutOffPagesComeBack) {
    std::filesystem::resize_file(folder_ / "a.db", (pages_ - 2) * 512);
    JournalBytes journal;
    journal.header({.records = 2, .original_pages = pages_}).record(pages_, 1).record(1, first_page_);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(pages_ - 1, pages_));
}

TEST_F(HandmadeJournalTest, UncountedRecordsRunToTheEnd) {
    JournalBytes journal;
    journal.header({.records = 0xffffffff, .original_pages = pages_}).record(3, 1).record(4, 2).record(5, 3);
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3, 4, 5));
}

TEST_F(HandmadeJournalTest, NoRecordsIsNoRecords) {
    JournalBytes journal;
    journal.header({.records = 0, .original_pages = pages_}).record(3, 1);
    EXPECT_THAT(changed_by(journal), IsEmpty());
}

TEST_F(HandmadeJournalTest, SectorsOfEverySize) {
    for (std::uint32_t sector = 32; sector <= 65536; sector *= 2) {
        JournalBytes journal;
        journal.header({.records = 1, .nonce = 77, .original_pages = pages_, .sector_size = sector}).record(3, 1);
        journal.header({.records = 1, .nonce = 78, .original_pages = pages_, .sector_size = sector}).record(4, 2);
        EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3, 4)) << sector;
    }
}

TEST_F(HandmadeJournalTest, AnImpossibleHeaderPlaysNothingBack) {
    for (const auto& header : {tests::JournalHeader{.records = 1, .original_pages = 2, .sector_size = 16},
                               {.records = 1, .original_pages = 2, .sector_size = 131072},
                               {.records = 1, .original_pages = 2, .page_size = 256},
                               {.records = 1, .original_pages = 2, .page_size = 131072},
                               {.records = 1, .original_pages = 2, .page_size = 1000}}) {
        EXPECT_THAT(changed_by(JournalBytes().header(header).record(2, 1)), IsEmpty());
        EXPECT_EQ(must(scan(JournalBytes().header(header).bytes())), std::nullopt);
    }
}

TEST_F(HandmadeJournalTest, AJournalWithoutAPageSizeIsOfTheDatabases) {
    JournalBytes real, without;
    real.header({.records = 1, .original_pages = pages_}).record(3, 1);
    Bytes bytes = real.bytes();
    std::ranges::fill(MutableByteView(bytes).subspan(24, 4), std::byte{0});
    tests::write_file(folder_ / "a.db-journal", bytes);
    const Bytes view = rolled_back_view(folder_.path(), size_of(512));
    EXPECT_THAT(different_pages(view, rolled_back_by_sqlite(folder_.path()), 512), IsEmpty());
    EXPECT_THAT(different_pages(view, tests::file_bytes(folder_ / "a.db"), 512), UnorderedElementsAre(3));
    EXPECT_EQ(scanned(bytes).page_size.bytes(), 1024u);
}

// --- super-journals ---

TEST_F(HandmadeJournalTest, NamesItsSuperJournal) {
    const std::string super = folder_ / "a.db-mj12345678Größe";
    const std::uint32_t lock = lock_page(size_of(512)).value;
    JournalBytes journal;
    journal.header({.records = 1, .original_pages = pages_}).record(3, 1);
    EXPECT_EQ(scanned(journal.bytes()).super_journal, "");
    journal.super_journal(lock, super);
    EXPECT_EQ(scanned(journal.bytes()).super_journal, super);
    // With the super-journal there, SQLite plays the journal back as it stands; without it, not at all.
    tests::write_file(super, bytes_of(folder_ / "a.db-journal" + std::string(1, '\0')));
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3));
    std::filesystem::remove(super);
    EXPECT_EQ(rolled_back_by_sqlite(folder_.path()), tests::file_bytes(folder_ / "a.db"));
}

TEST_F(HandmadeJournalTest, ATornNameOfASuperJournalIsNone) {
    const std::uint32_t lock = lock_page(size_of(512)).value;
    JournalBytes journal;
    journal.header({.records = 1, .original_pages = pages_}).record(3, 1).super_journal(lock, "/no/such/file", 1);
    EXPECT_EQ(scanned(journal.bytes()).super_journal, "");
    EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3));
}

TEST_F(HandmadeJournalTest, ALongNameOfASuperJournalIsNone) {
    const std::uint32_t lock = lock_page(size_of(512)).value;
    for (const std::size_t length : {512u, 513u}) {
        JournalBytes journal;
        journal.header({.records = 1, .original_pages = pages_}).record(3, 1);
        journal.super_journal(lock, "/" + std::string(length - 1, 'x'));
        EXPECT_EQ(scanned(journal.bytes()).super_journal.size(), length == 512 ? 512u : 0u);
        if (length == 512) continue;  // there is no such file, so SQLite would play nothing back
        EXPECT_THAT(changed_by(journal), UnorderedElementsAre(3));
    }
}

// SQLite's own: two databases in one transaction, and a death at its commit.
class SuperJournalTest : public ::testing::TestWithParam<DatabaseProcess::Death> {};
INSTANTIATE_TEST_SUITE_P(Deaths, SuperJournalTest,
                         ::testing::Values(DatabaseProcess::Death::before_deletion, DatabaseProcess::Death::after_deletion));

TEST_P(SuperJournalTest, DecidesWhetherAJournalIsHot) {
    const TemporaryFolder folder;
    DatabaseProcess writer(folder / "a.db");
    writer.run("CREATE TABLE t(x); ATTACH '" + (folder / "b.db") + "' AS b; CREATE TABLE b.t(x)");
    const Bytes before = tests::file_bytes(folder / "a.db");
    writer.die_at_super_journal(GetParam());
    EXPECT_EQ(writer.try_to("BEGIN; INSERT INTO t VALUES (1); INSERT INTO b.t VALUES (1); COMMIT").code, -1);
    const auto map = scanned(tests::file_bytes(folder / "a.db-journal"));
    EXPECT_THAT(map.super_journal, ::testing::MatchesRegex(folder.path() + "/a.db-mj.*"));
    const bool is_hot = std::filesystem::exists(map.super_journal);
    EXPECT_EQ(is_hot, GetParam() == DatabaseProcess::Death::before_deletion);
    EXPECT_THAT(different_pages(rolled_back_view(folder.path(), size_of(4096)), before, 4096), IsEmpty());
    const Bytes file = tests::file_bytes(folder / "a.db");
    EXPECT_NE(file, before);
    EXPECT_EQ(rolled_back_by_sqlite(folder.path()), is_hot ? before : file);
}

// --- limits and failures ---

TEST(JournalScanTest, NothingIsNothing) {
    EXPECT_EQ(must(scan({})), std::nullopt);
    EXPECT_EQ(must(scan(Bytes(511))), std::nullopt);
    EXPECT_EQ(must(scan(Bytes(100'000))), std::nullopt);
}

TEST(JournalScanTest, ManyReadsMakeOneMap) {
    JournalBytes journal;
    journal.header({.records = 5000, .original_pages = 6000});
    for (std::uint32_t page = 1; page <= 5000; ++page) {
        if (page != lock_page(size_of(512)).value) journal.record(page, static_cast<std::uint8_t>(page));
    }
    const auto map = scanned(journal.bytes());  // 2.6 MB: three reads
    EXPECT_GE(map.offset_of_page.size(), 4999u);
    EXPECT_EQ(map.offset_of_page.at(1), 512u + 4);
    EXPECT_EQ(map.offset_of_page.at(5000), journal.bytes().size() - 516);
}

TEST(JournalScanTest, AFailedReadIsNoEndOfTheJournal) {
    BytesFile file(JournalBytes().header({.records = 1, .original_pages = 2}).record(1, 1).bytes());
    const auto raw = file.open(RawFileKind::journal);
    for (const std::uint64_t from : {0u, 20u, 600u}) {
        file.fail_from(from);
        EXPECT_THAT(scan_journal(raw, size_of(512)), FailsWith(ErrorCode::unavailable)) << from;
    }
}

TEST(JournalScanTest, ASizeFromNowhereIsRefused) {
    const BytesFile database(Bytes(512 * 3));
    for (const std::uint32_t pages : {4u, 200u, 1'000'000u, 0xffffffffu}) {
        const BytesFile file(JournalBytes().header({.records = 1, .original_pages = pages}).record(1, 1).bytes());
        const auto below = database.open(), journal = file.open(RawFileKind::journal);
        auto map = must(scan_journal(journal, size_of(512))).value();
        const auto image = journal_image(below, journal, std::move(map));
        if (pages <= 200) {
            ASSERT_THAT(image, Succeeds());
            EXPECT_EQ((*image)->last_page().value, pages);
        } else {
            EXPECT_THAT(image, FailsWith(ErrorCode::corrupt));
        }
    }
}

}  // namespace
}  // namespace holdfast::sqlite
