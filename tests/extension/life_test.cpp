#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "extension/loaded.h"

namespace holdfast::extension {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class LifeOfABackup : public Attaching {
protected:
    operations::ForgetReport forget_backup(int number) {
        return must(operations::forget(context, {.repository = in_repository(), .snapshots = {format("{}", number)}}));
    }
    operations::PruneReport prune_now() { return must(operations::prune(context, {.repository = in_repository(), .grace = "0s"})); }
    void insert_and_back_up() {
        insert(database, 50);
        let_time_pass();
        backup();
    }
};

TEST_F(LifeOfABackup, WhatIsReadIsNotPrunedAwayAndCloseLetsItGo) {
    create_database(database, 400);
    const std::string then = rows_of(database);
    backup();
    insert_and_back_up();
    const auto files_before = entries("/proc/self/fd").size();
    {
        Program one, two;
        ASSERT_EQ(one.attach(backup_number(1)), "");
        ASSERT_EQ(two.attach(backup_number(1)), "");
        EXPECT_THAT(leases(), SizeIs(1)) << "both share what is open";
        forget_backup(1);
        let_time_pass();
        prune_now();
        EXPECT_EQ(one.ask(all_rows), then);
        EXPECT_EQ(two.ask("PRAGMA backup.integrity_check"), "ok");
        ASSERT_EQ(two.ask("DETACH backup"), "");
        EXPECT_THAT(leases(), SizeIs(1));
    }
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_LE(entries("/proc/self/fd").size(), files_before);
    let_time_pass();
    prune_now();
    Program late;
    EXPECT_THAT(late.attach(backup_number(1)), StartsWith("error 14"));
}

TEST_F(LifeOfABackup, NoThreadIsEverStarted) {
    create_database(database, 2000);
    backup();
    const auto threads = entries("/proc/self/task").size();
    Program program;
    ASSERT_EQ(program.attach(backup_number(1)), "");
    EXPECT_EQ(program.ask(all_rows), rows_of(database));
    EXPECT_EQ(program.ask("SELECT count(*) FROM holdfast_snapshots()"), "1");
    EXPECT_EQ(entries("/proc/self/task").size(), threads);
}

TEST_F(LifeOfABackup, ThreadsReadWhileBackupsAndPrunesRun) {
    create_database(database, 300);
    backup();
    const std::string then = rows_of(database);
    std::atomic<bool> is_over = false;
    std::atomic<int> reads = 0;
    const auto read = [&](int which) {
        for (int turn = 0; !is_over || turn < 3; ++turn) {
            Program program;
            // The first is held by one of them all the time; the newest changes.
            const bool is_first = which == 0 || turn % 2 == 0;
            ASSERT_EQ(program.attach(is_first ? backup_number(1) : "repository=" + repository + "&snapshot=latest"), "") << program.why();
            if (is_first) ASSERT_EQ(program.ask(all_rows), then);
            else ASSERT_EQ(program.ask("PRAGMA backup.integrity_check"), "ok");
            ++reads;
        }
    };
    Program holds_the_first;
    ASSERT_EQ(holds_the_first.attach(backup_number(1)), "");
    std::vector<std::jthread> readers;
    for (int which = 0; which < 4; ++which) readers.emplace_back(read, which);
    for (int number = 2; number < 8; ++number) {
        insert_and_back_up();
        if (number > 4) forget_backup(number - 3);
        prune_now();
    }
    is_over = true;
    readers.clear();
    EXPECT_EQ(holds_the_first.ask(all_rows), then);
    EXPECT_GE(reads, 12);
}

// In a child nothing is checked by gtest: it ends with the number of the first thing that is not so.
int child_of_a_reader(Program& inherited, const std::string& parameters, const std::string& rows, const std::string& sql) {
    if (inherited.ask(sql) == rows) return 1;
    const std::string answer = inherited.ask(sql);
    if (!answer.starts_with("error 10")) return 2;
    if (inherited.why().find("forked") == std::string::npos) return 3;
    if (sqlite3_close(inherited.handle()) != SQLITE_OK) return 4;
    Program own;
    if (!own.attach(parameters).empty()) return 5;
    if (own.ask(sql) != rows) return 6;
    if (!own.ask("DETACH backup").empty()) return 7;
    return 0;
}

TEST_F(LifeOfABackup, AChildAfterAForkOpensItsOwnAndLeavesTheParents) {
    create_database(database, 3000);
    backup();
    const std::string then = rows_of(database);
    Program program;
    ASSERT_EQ(program.attach(backup_number(1)), "");
    EXPECT_EQ(program.ask("PRAGMA backup.cache_size = 2; SELECT count(*) FROM backup.ledger"), "3000");
    const pid_t child = ::fork();
    if (child == 0) ::_exit(child_of_a_reader(program, backup_number(1), then, all_rows));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_THAT(leases(), SizeIs(1)) << "the parent's";
    EXPECT_EQ(program.ask(all_rows), then);
}

TEST_F(LifeOfABackup, DamageIsAnErrorAndNeverOtherRows) {
    create_database(database, 1500);
    backup();
    const std::string then = rows_of(database);
    const auto whole = files_below(repository + "/packs");
    ASSERT_FALSE(whole.empty());
    std::mt19937_64 engine(28);
    const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine); };
    int damaged = 0;
    for (int turn = 0; turn < 60; ++turn) {
        auto file = whole.begin();
        std::advance(file, static_cast<std::ptrdiff_t>(below(whole.size())));
        std::string bytes = file->second;
        for (int i = 0; i < 8; ++i) bytes[below(bytes.size())] ^= static_cast<char>(1 + below(255));
        if (turn % 5 == 0) bytes.resize(below(bytes.size()));
        write(file->first, bytes);
        Program program;
        const std::string attached = program.attach(backup_number(1));
        const std::string answer = attached.empty() ? program.ask(all_rows) : attached;
        if (answer != then) {
            ++damaged;
            EXPECT_THAT(answer, AnyOf(StartsWith("error 11"), StartsWith("error 10"), StartsWith("error 14"))) << answer.substr(0, 200);
            EXPECT_THAT(program.why(), HasSubstr("chunk"));
        }
        write(file->first, file->second);
    }
    EXPECT_GT(damaged, 20);
    Program program;
    ASSERT_EQ(program.attach(backup_number(1)), "");
    EXPECT_EQ(program.ask(all_rows), then);
}

TEST_F(LifeOfABackup, TheReasonIsInTheProgramsOwnLog) {
    create_database(database, 1500);
    backup();
    for (const auto& [path, bytes] : files_below(repository + "/packs")) write(path, std::string(bytes.size(), '\0'));
    static std::string log;
    // Only before the library is in use: a process of its own.
    const pid_t child = ::fork();
    if (child == 0) {
        sqlite3_shutdown();
        sqlite3_config(SQLITE_CONFIG_LOG, static_cast<void (*)(void*, int, const char*)>([](void*, int code, const char* text) { log += format("{}: {}\n", code & 0xff, text); }), nullptr);
        Program program;
        program.attach(backup_number(1));
        program.ask(all_rows);
        ::_exit(log.find("11: holdfast: read " + database + " of backup #1: ") != std::string::npos && log.find("there is none here") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace holdfast::extension
