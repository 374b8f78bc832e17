// Databases frozen together, while an application commits to several of them in one transaction (ATTACH).
#include "holdfast/live/freeze_together.h"

#include <filesystem>
#include <thread>

#include "live/freeze_states.h"

namespace holdfast::live {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Modes {
    const char* first;
    const char* second;
};
void PrintTo(const Modes& modes, std::ostream* out) { *out << modes.first << '_' << modes.second; }

class TogetherTest : public ::testing::TestWithParam<Modes> {
protected:
    void SetUp() override {
        make(one_, GetParam().first);
        make(two_, GetParam().second);
    }
    void make(const std::string& path, const std::string& mode) {
        for (const char* ending : {"", "-wal", "-shm", "-journal"}) fs::remove(path + ending);
        DatabaseProcess maker(path);
        maker.run("PRAGMA journal_mode=" + mode + "; CREATE TABLE twin(n INTEGER PRIMARY KEY)");
        maker.close();
    }
    static constexpr const char* transaction = "BEGIN; INSERT INTO main.twin SELECT coalesce(max(n), 0) + 1 FROM main.twin;"
                                               "INSERT INTO other.twin SELECT coalesce(max(n), 0) + 1 FROM other.twin; COMMIT;";
    // Inserts the next number into both, in one transaction, until the process is killed.
    void start_twins(DatabaseProcess& process, const std::string& main, const std::string& attached) {
        process.open(main);
        process.run("PRAGMA synchronous=OFF; PRAGMA busy_timeout=20000; ATTACH '" + attached + "' AS other; PRAGMA other.synchronous=OFF; PRAGMA wal_autocheckpoint=50");
        std::string transactions;
        for (int i = 0; i < 100'000; ++i) transactions += transaction;
        process.ask(transactions);
    }
    static std::int64_t newest(const sqlite::Image& image) {
        const TemporaryFolder folder;
        tests::write_file(folder / "copy.db", image_bytes(image));
        auto copy = must(sqlite::Connection::open(folder / "copy.db", {.mode = sqlite::OpenMode::read_write}));
        return must(copy.integer("SELECT coalesce(max(n), 0) FROM twin"));
    }
    struct Seen {
        std::int64_t one = -1, two = -2;
        FrozenTogether together;
    };
    Seen freeze_both(const FreezeOptions& options = {}) {
        Seen seen;
        const auto into = [](std::int64_t& number) { return FreezeUse{.first_look = {}, .use = [&number](const sqlite::Image& image, const FreezeFacts&) -> Result<void> { number = newest(image); return {}; }}; };
        auto together = with_frozen_together(host::real_host(), {{.path = one_, .use = into(seen.one)}, {.path = two_, .use = into(seen.two)}}, options);
        EXPECT_THAT(together, Succeeds());
        if (together) seen.together = std::move(*together);
        return seen;
    }

    const TemporaryFolder folder_;
    const std::string one_ = folder_ / "a.db", two_ = folder_ / "b.db";
};

TEST_P(TogetherTest, ATransactionOverBothIsInBothOrInNone) {
    for (const bool is_by_path : {true, false}) {
        SetUp();  // a kill may tear a transaction over two WALs
        DatabaseProcess application;
        start_twins(application, is_by_path ? one_ : two_, is_by_path ? two_ : one_);
        std::set<std::int64_t> seen_numbers;
        for (int i = 0; i < 20; ++i) {
            const auto seen = freeze_both();
            EXPECT_THAT(seen.together.why_apart, IsEmpty());
            EXPECT_EQ(seen.one, seen.two);
            seen_numbers.insert(seen.one);
            ::usleep(2'000);
        }
        EXPECT_GT(seen_numbers.size(), 5u) << "the writer stood still";
        application.kill_now();
    }
}

// Who locks one and then the other, the other way round, is not kept waiting for long, and neither is the freeze.
TEST_P(TogetherTest, AnApplicationThatHoldsOneAndWantsTheOtherGetsIt) {
    DatabaseProcess application(two_);
    application.run("PRAGMA busy_timeout=2000; ATTACH '" + one_ + "' AS other; BEGIN IMMEDIATE; INSERT INTO main.twin VALUES (1)");
    std::jthread frees([&] {
        ::usleep(100'000);
        EXPECT_EQ(application.try_to("INSERT INTO other.twin VALUES (1)").code, SQLITE_OK);
        ::usleep(100'000);
        EXPECT_EQ(application.try_to("COMMIT").code, SQLITE_OK);
    });
    const auto seen = freeze_both();
    EXPECT_THAT(seen.together.why_apart, IsEmpty());
    EXPECT_EQ(seen.one, seen.two);
}

TEST_P(TogetherTest, AWriterThatDoesNotLetGoIsTold) {
    DatabaseProcess application(two_);
    application.run("BEGIN EXCLUSIVE; INSERT INTO twin VALUES (1)");
    const auto seen = freeze_both({.busy_timeout_ms = 300});
    EXPECT_THAT(seen.together.why_apart, HasSubstr("b.db"));
    EXPECT_EQ(seen.one, 0);
    const bool can_be_read = std::string(GetParam().second) == "WAL";
    EXPECT_EQ(seen.two, can_be_read ? 0 : -2);
    EXPECT_EQ(seen.together.each[1].ok(), can_be_read);
}

// A WAL's writers can be kept out only by who may write: the others are read as close to one another as can be.
TEST_P(TogetherTest, WhoMayNotWriteIsToldThatItIsNotOneMoment) {
    DatabaseProcess application(one_);
    application.run("SELECT count(*) FROM twin");
    fs::permissions(folder_.path(), fs::perms(0755));
    for (const char* ending : {"", "-wal", "-shm"}) {
        if (fs::exists(one_ + ending)) fs::permissions(one_ + ending, fs::perms(0444));
    }
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
        const auto seen = freeze_both();
        const bool is_apart = seen.together.why_apart.find("a.db") != std::string::npos;
        ::_exit(seen.one == 0 && seen.two == 0 && is_apart == (std::string(GetParam().first) == "WAL") ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_P(TogetherTest, LeavesNothingBehind) {
    const auto before = footprint(folder_.path(), {.times = false});
    const auto seen = freeze_both();
    EXPECT_THAT(seen.together.why_apart, IsEmpty());
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

TEST_P(TogetherTest, OneThatCannotBeReadDoesNotKeepTheOtherFromIt) {
    fs::remove(one_);
    const auto seen = freeze_both();
    EXPECT_THAT(seen.together.each[0], FailsWith(ErrorCode::not_found));
    EXPECT_EQ(seen.two, 0);
}

INSTANTIATE_TEST_SUITE_P(Journals, TogetherTest, ::testing::Values(Modes{"WAL", "WAL"}, Modes{"DELETE", "DELETE"}, Modes{"WAL", "DELETE"}, Modes{"TRUNCATE", "WAL"}),
                         [](const auto& modes) { return ::testing::PrintToString(modes.param); });

}  // namespace
}  // namespace holdfast::live
