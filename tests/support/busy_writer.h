// BusyWriter: another process that commits as fast as it can, and keeps a ledger in the database by which any copy of it
// can be proven to hold exactly a committed prefix. BusyCheckpointer: one that checkpoints all the time.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/sqlite/connection.h"
#include "support/pending_byte.h"
#include "support/results.h"

extern char** environ;

namespace holdfast::tests {

// What a transaction leaves behind, all in the same commit: rows changed in `item`, and a row of `ledger` with the sum
// of the hashes of all items, and a hash chained over that of the transaction before.
namespace busy {

constexpr const char* role_variable = "HOLDFAST_TEST_BUSY";
constexpr int shared_descriptor = 4;

struct Shared {
    std::atomic<std::uint64_t> begun, committed, busy;  // transactions; BUSY answers
    std::atomic<bool> stop, ready;
};

struct Orders {
    std::string role = "write", path, journal_mode = "WAL", synchronous = "OFF";
    int page_size = 4096, auto_vacuum = 0, busy_timeout_ms = 30'000, autocheckpoint = 100, seed = 1;
    std::string text() const {
        return format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", role, path, journal_mode, synchronous, page_size, auto_vacuum,
                      busy_timeout_ms, autocheckpoint, seed);
    }
    static Orders parse(const std::string& text) {
        const auto parts = split(text, '\n');
        const auto number = [&](std::size_t i) { return std::atoi(parts[i].c_str()); };
        return {parts[0], parts[1], parts[2], parts[3], number(4), number(5), number(6), number(7), number(8)};
    }
};

inline std::string link_after(const std::string& before, std::int64_t n, std::int64_t sum) {
    return sha256(bytes_of(format("{} {} {}", before, n, sum))).hex();
}
inline std::uint64_t hash_of_item(std::int64_t id, ByteView content) {
    return short_fingerprint(content, static_cast<std::uint64_t>(id));
}

class Writing {
public:
    Writing(const Orders& orders, Shared& shared)
        : shared_(shared),
          can_roll_back_(orders.journal_mode != "OFF"),
          engine_(static_cast<std::uint64_t>(orders.seed)),
          connection_(must(sqlite::Connection::open(
              orders.path, {.mode = sqlite::OpenMode::create, .busy_timeout_ms = orders.busy_timeout_ms}))) {
        must(connection_.execute(format("PRAGMA page_size={}; PRAGMA auto_vacuum={}; PRAGMA synchronous={};"
                                        "PRAGMA cache_size=20; PRAGMA wal_autocheckpoint={}",
                                        orders.page_size, orders.auto_vacuum, orders.synchronous, orders.autocheckpoint)));
        insist("PRAGMA journal_mode=" + orders.journal_mode);
        insist("CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, size INT, content BLOB)");
        insist("CREATE INDEX IF NOT EXISTS item_size ON item(size)");
        insist("CREATE TABLE IF NOT EXISTS ledger(n INTEGER PRIMARY KEY, link TEXT, sum INTEGER)");
        n_ = must(connection_.integer("SELECT coalesce(max(n), 0) FROM ledger"));
        if (n_ > 0) {
            link_ = must(connection_.text("SELECT link FROM ledger ORDER BY n DESC LIMIT 1"));
            sum_ = static_cast<std::uint64_t>(must(connection_.integer("SELECT sum FROM ledger ORDER BY n DESC LIMIT 1")));
        }
        shared_.begun = shared_.committed = static_cast<std::uint64_t>(n_);
    }
    void run() {
        shared_.ready = true;
        while (!shared_.stop) transaction();
    }

private:
    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    void insist(const std::string& sql) {
        for (;;) {
            auto done = connection_.execute(sql);
            if (done) return;
            if (done.error().code() != ErrorCode::busy) must(std::move(done));
            ++shared_.busy;
        }
    }
    void transaction() {
        if (below(200) == 0) insist("VACUUM");
        if (below(50) == 0) insist("PRAGMA incremental_vacuum(3)");
        const auto sum_before = sum_;
        insist("BEGIN IMMEDIATE");
        const auto changes = below(20) == 0 ? below(400) : below(6);
        for (std::uint64_t i = 0; i < changes; ++i) change();
        if (can_roll_back_ && below(10) == 0) {
            insist("ROLLBACK");
            sum_ = sum_before;
            return;
        }
        auto row = must(connection_.prepare("INSERT INTO ledger VALUES (?, ?, ?)"));
        const auto link = link_after(link_, n_ + 1, static_cast<std::int64_t>(sum_));
        must(row.bind(1, n_ + 1));
        must(row.bind(2, std::string_view(link)));
        must(row.bind(3, static_cast<std::int64_t>(sum_)));
        must(row.step());
        shared_.begun = static_cast<std::uint64_t>(++n_);
        link_ = link;
        insist("COMMIT");
        shared_.committed = static_cast<std::uint64_t>(n_);
    }
    void change() {
        const auto id = static_cast<std::int64_t>(below(400));
        if (below(300) == 0) {
            sum_ = 0;
            must(connection_.execute("DELETE FROM item"));
            return;
        }
        auto old = must(connection_.prepare("SELECT content FROM item WHERE id=?"));
        must(old.bind(1, id));
        if (must(old.step())) sum_ -= hash_of_item(id, old.column_bytes(0));
        old.reset();
        const bool goes = below(3) == 0;
        auto statement = must(connection_.prepare(goes ? "DELETE FROM item WHERE id=?1" : "REPLACE INTO item VALUES (?1, ?2, ?3)"));
        must(statement.bind(1, id));
        if (!goes) {
            Bytes content(below(8) == 0 ? below(20'000) : below(500));
            for (auto& byte : content) byte = static_cast<std::byte>(below(256));
            must(statement.bind(2, static_cast<std::int64_t>(content.size())));
            must(statement.bind(3, ByteView(content)));
            sum_ += hash_of_item(id, content);
        }
        must(statement.step());
    }

    Shared& shared_;
    bool can_roll_back_;
    std::mt19937_64 engine_;
    sqlite::Connection connection_;
    std::int64_t n_ = 0;
    std::uint64_t sum_ = 0;
    std::string link_ = "the first";
};

inline void checkpoint(const Orders& orders, Shared& shared) {
    auto connection = must(sqlite::Connection::open(orders.path, {.mode = sqlite::OpenMode::read_write, .busy_timeout_ms = 50}));
    shared.ready = true;
    while (!shared.stop) {
        for (const char* mode : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
            (void)connection.integer(format("PRAGMA wal_checkpoint({})", mode));
            ++shared.committed;
            ::usleep(500);
        }
    }
}

[[noreturn]] inline void serve(const Orders& orders) {
    move_pending_byte();
    auto* shared = static_cast<Shared*>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, shared_descriptor, 0));
    if (orders.role == "write") Writing(orders, *shared).run();
    if (orders.role == "checkpoint") checkpoint(orders, *shared);
    ::_exit(0);
}

inline const bool not_the_busy_one = [] {
    if (const char* text = std::getenv(role_variable)) serve(Orders::parse(text));
    return true;
}();

}  // namespace busy

// Runs from the constructor to stop(). What it is asked to do, by designated initialisers.
class BusyProcess {
public:
    explicit BusyProcess(const busy::Orders& orders) {
        const int memory = ::memfd_create("busy", MFD_CLOEXEC);
        if (memory < 0 || ::ftruncate(memory, sizeof(busy::Shared)) != 0) std::abort();
        shared_ = static_cast<busy::Shared*>(
            ::mmap(nullptr, sizeof(busy::Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
        const std::string variable = std::string(busy::role_variable) + "=" + orders.text();
        std::vector<char*> environment;
        for (char** one = environ; *one; ++one) environment.push_back(*one);
        environment.push_back(const_cast<char*>(variable.c_str()));
        environment.push_back(nullptr);
        char program[] = "/proc/self/exe";
        char* arguments[] = {program, nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, memory, busy::shared_descriptor);
        if (::posix_spawn(&pid_, program, &actions, nullptr, arguments, environment.data()) != 0) std::abort();
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(memory);
        while (!shared_->ready) wait_a_little();
    }
    BusyProcess(const BusyProcess&) = delete;
    BusyProcess& operator=(const BusyProcess&) = delete;
    ~BusyProcess() {
        stop();
        ::munmap(shared_, sizeof(busy::Shared));
    }
    void stop() {
        shared_->stop = true;
        wait_for_end();
    }
    void kill_now() {
        ::kill(pid_, SIGKILL);
        wait_for_end();
    }
    // So many more than now.
    void await_commits(std::uint64_t count) const {
        const auto wanted = shared_->committed + count;
        while (shared_->committed < wanted) wait_a_little();
    }
    std::uint64_t committed() const { return shared_->committed; }
    std::uint64_t begun() const { return shared_->begun; }
    std::uint64_t busy_answers() const { return shared_->busy; }
    pid_t pid() const { return pid_; }

private:
    void wait_a_little() const {
        ::usleep(200);
        if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            std::cerr << "the busy process ended by itself" << std::endl;
            std::abort();
        }
    }
    void wait_for_end() {
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

    busy::Shared* shared_ = nullptr;
    pid_t pid_ = 0;
};

// The transaction that a copy of the writer's database ends with; fails when it is not exactly a committed prefix, or
// when SQLite finds fault with it.
inline Result<std::int64_t> proven_prefix(sqlite::Connection& copy) {
    const auto verdict = TRY(copy.text("PRAGMA integrity_check"));
    if (verdict != "ok") return fail(ErrorCode::corrupt, "integrity_check: {}", verdict);
    std::string link = "the first";
    std::int64_t n = 0, sum = 0;
    auto ledger = TRY(copy.prepare("SELECT n, link, sum FROM ledger ORDER BY n"));
    while (TRY(ledger.step())) {
        sum = ledger.column_integer(2);
        link = busy::link_after(link, ++n, sum);
        if (ledger.column_integer(0) != n || ledger.column_text(1) != link) {
            return fail(ErrorCode::corrupt, "the ledger is broken at {}", n);
        }
    }
    std::uint64_t found = 0;
    auto items = TRY(copy.prepare("SELECT id, content, size FROM item"));
    while (TRY(items.step())) found += busy::hash_of_item(items.column_integer(0), items.column_bytes(1));
    if (static_cast<std::int64_t>(found) != sum) return fail(ErrorCode::corrupt, "the items are not those of transaction {}", n);
    return n;
}

}  // namespace holdfast::tests
