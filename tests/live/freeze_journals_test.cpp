// How a database is frozen that is none, or has a rollback journal.
#include "freeze_states.h"

namespace holdfast::live {
namespace {

// --- what is not a database ---

TEST_F(FreezeStatesTest, NothingThere) {
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(freeze_bytes(folder_ / "no/where.db"), FailsWith(ErrorCode::not_found));
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FreezeStatesTest, NotADatabase) {
    EXPECT_THAT(freeze_bytes(folder_.path()), FailsWith(ErrorCode::invalid));
    tests::write_file(path_, bytes_of("dear diary, this is a text of more than a hundred bytes, so that nobody can say "
                                      "that there was not enough of it to read a header"));
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(frozen.error().text(), ::testing::AllOf(::testing::HasSubstr("a text file"), ::testing::HasSubstr(path_)));
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
}

TEST_F(FreezeStatesTest, NoBytes) {
    tests::write_file(path_, {});
    const auto facts = expect_frozen_without_a_trace(ReadAs::empty);
    EXPECT_FALSE(facts.header);
}

TEST_F(FreezeStatesTest, NoBytesYetButAWriterIsAtIt) {
    DatabaseProcess writer(path_);
    writer.run("PRAGMA journal_mode=DELETE; BEGIN; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::empty);
    EXPECT_EQ(writer.run("COMMIT; SELECT count(*) FROM t"), "1");
}

// SQLite would take such a file for an empty database and remove the WAL.
TEST_F(FreezeStatesTest, EmptiedBesideAWholeWal) {
    {
        DatabaseProcess victim(path_);
        victim.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES (1)");
        victim.kill_now();
    }
    const auto expected = what_sqlite_reads(path_);
    fs::resize_file(path_, 0);
    const auto before = footprint(folder_.path(), {.times = false});
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::wal_leftover);
    EXPECT_TRUE(frozen->bytes == expected);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

TEST_F(FreezeStatesTest, EmptiedBesideAPartOfAWal) {
    make_database("PRAGMA journal_mode=WAL");
    {
        DatabaseProcess victim(path_);
        victim.run("INSERT INTO t(b) VALUES (1)");
        victim.kill_now();
    }
    fs::resize_file(path_, 0);
    const auto before = footprint(folder_.path(), {.times = false});
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

// --- rollback journals ---

TEST_F(FreezeStatesTest, AtRestInEveryJournalModeAndPageSize) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"}) {
        for (const int page_size : {512, 1024, 4096, 32768, 65536}) {
            SCOPED_TRACE(mode + " " + std::to_string(page_size));
            make_database(format("PRAGMA page_size={}; PRAGMA journal_mode={}", page_size, mode));
            const auto facts = expect_frozen_without_a_trace(ReadAs::rollback);
            EXPECT_EQ(facts.header->page_size.bytes(), static_cast<std::uint32_t>(page_size));
            for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
        }
    }
}

TEST_F(FreezeStatesTest, AnIdleConnectionKeepsNobodyOut) {
    make_database();
    DatabaseProcess idle(path_);
    idle.run("SELECT count(*) FROM t");
    expect_frozen_without_a_trace(ReadAs::rollback);
    EXPECT_EQ(idle.run("INSERT INTO t(b) VALUES (1); SELECT count(*) FROM t"), "201");
}

TEST_F(FreezeStatesTest, AWriterBeforeItsCommitIsNotSeen) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"}) {
        make_database("PRAGMA journal_mode=" + mode);
        const auto expected = what_sqlite_reads(path_);
        DatabaseProcess writer(path_);
        writer.run("PRAGMA journal_mode=" + mode + "; BEGIN; UPDATE t SET b=1 WHERE id<10");
        const auto frozen = freeze_bytes(path_);
        ASSERT_THAT(frozen, Succeeds());
        EXPECT_EQ(frozen->facts.way, ReadAs::rollback);
        EXPECT_TRUE(frozen->bytes == expected) << mode;
        writer.run("COMMIT");
        fs::remove(path_);
    }
}

TEST_F(FreezeStatesTest, WritersWaitForFinishAndNoLonger) {
    make_database();
    DatabaseProcess writer(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}));
    EXPECT_EQ(writer.try_to("INSERT INTO t(b) VALUES (1)").code, SQLITE_BUSY);
    const auto report = frozen->finish();
    ASSERT_THAT(report, Succeeds());
    EXPECT_GT(report->writers_blocked_ms, 0);
    EXPECT_EQ(writer.try_to("INSERT INTO t(b) VALUES (1)").code, SQLITE_OK);
}

TEST_F(FreezeStatesTest, TheFirstLookComesBeforeTheLock) {
    make_database();
    DatabaseProcess writer(path_);
    int looks = 0;
    std::uint64_t looked_at = 0;
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        ++looks;
        looked_at = torn.size();
        writer.run("INSERT INTO t(b) VALUES (zeroblob(100000))");
        return {};
    }));
    EXPECT_EQ(looks, 1);
    EXPECT_GT(frozen->image().size(), looked_at);
    EXPECT_THAT(frozen->finish(), Succeeds());
    const auto refused = freeze(host::real_host(), path_, {}, [](const sqlite::Image&) -> Result<void> {
        return fail(ErrorCode::cancelled, "no");
    });
    EXPECT_THAT(refused, FailsWith(ErrorCode::cancelled));
}

TEST_F(FreezeStatesTest, AnotherPageSizeThanTheFirstLookSaw) {
    make_database();
    DatabaseProcess writer(path_);
    std::vector<std::uint32_t> seen;
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        seen.push_back(torn.page_size().bytes());
        writer.run("PRAGMA page_size=8192; VACUUM");
        return {};
    }));
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{4096, 8192}));
    EXPECT_EQ(frozen->image().page_size().bytes(), 8192u);
}

TEST_F(FreezeStatesTest, AFirstLookAtAShrinkingFileReadsZeros) {
    make_database();
    DatabaseProcess writer(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        writer.run("DELETE FROM t; VACUUM");
        Bytes page(4096, std::byte{1});
        EXPECT_THAT(torn.read({torn.last_page(), 1}, page), Succeeds());
        EXPECT_TRUE(is_all_zero(page));
        return {};
    }));
    EXPECT_THAT(frozen->finish(), Succeeds());
}

TEST_F(FreezeStatesTest, HotJournal) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST"}) {
        make_database("PRAGMA journal_mode=" + mode);
        const auto before_crash = what_sqlite_reads(path_);
        leave_hot_journal("PRAGMA journal_mode=" + mode);
        EXPECT_TRUE(tests::file_bytes(path_) != before_crash) << "the crash came too early to show anything";
        expect_frozen_without_a_trace(ReadAs::hot_journal);
        EXPECT_TRUE(freeze_bytes(path_)->bytes == before_crash) << mode;
        for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
    }
}

TEST_F(FreezeStatesTest, HotJournalOfADatabaseThatWasEmpty) {
    DatabaseProcess victim(path_);
    victim.run(std::string("PRAGMA cache_size=2; BEGIN; CREATE TABLE t(id INTEGER PRIMARY KEY, b);") + some_rows);
    victim.kill_now();
    ASSERT_GT(fs::file_size(path_), 0u);
    const auto before = footprint(folder_.path(), {.times = false});
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::hot_journal);
    EXPECT_TRUE(frozen->bytes.empty());
    EXPECT_FALSE(frozen->facts.header);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

TEST_F(FreezeStatesTest, AJournalWithAZeroedHeaderIsNotHot) {
    make_database("PRAGMA journal_mode=PERSIST");
    ASSERT_TRUE(fs::exists(path_ + "-journal"));
    ASSERT_GT(fs::file_size(path_ + "-journal"), 1000u);
    expect_frozen_without_a_trace(ReadAs::rollback);
}

// The journal names a super-journal; only while that is there was the transaction over both databases not committed.
TEST_F(FreezeStatesTest, SuperJournalDecides) {
    make_database();
    const auto before_crash = what_sqlite_reads(path_);
    leave_hot_journal();
    const std::string super = path_ + "-mj0123ABCD9";
    auto journal = tests::file_bytes(path_ + "-journal");
    const auto after_crash = tests::file_bytes(path_);
    // Lock page, name, its length, its sum, magic: appended where SQLite puts it, at the end (sector size 512).
    journal.resize((journal.size() + 511) / 512 * 512);
    const auto put_number = [&](std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8) journal.push_back(static_cast<std::byte>(number >> shift));
    };
    std::uint32_t sum = 0;
    put_number(0x40000000 / 4096 + 1);
    for (const char c : super) {
        journal.push_back(static_cast<std::byte>(c));
        sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
    }
    put_number(static_cast<std::uint32_t>(super.size()));
    put_number(sum);
    append(journal, must(from_hex("d9d505f920a163d7")));
    tests::write_file(path_ + "-journal", journal);

    tests::write_file(super, bytes_of(path_ + "-journal" + '\0'));
    auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::hot_journal);
    EXPECT_TRUE(frozen->bytes == before_crash);

    fs::remove(super);
    frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::rollback);
    EXPECT_TRUE(frozen->bytes == after_crash);
}

TEST_F(FreezeStatesTest, HotJournalUnderALeftoverWal) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess victim(path_);
    victim.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    victim.kill_now();
    const auto wal = tests::file_bytes(path_ + "-wal");
    fs::remove(path_ + "-wal");
    fs::remove(path_ + "-shm");
    run_and_close("PRAGMA journal_mode=DELETE");
    leave_hot_journal();
    tests::write_file(path_ + "-wal", wal);
    expect_frozen_without_a_trace(ReadAs::hot_journal);
}

}  // namespace
}  // namespace holdfast::live
