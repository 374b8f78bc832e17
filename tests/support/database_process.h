// DatabaseProcess: another process with a SQLite connection of its own, which a test directs, and can kill.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "support/pending_byte.h"

extern char** environ;

namespace holdfast::tests {

// What the process answered: SQLite's result code, and the rows (columns joined by '|', rows by a line break) or the
// error message.
struct DatabaseAnswer {
    int code = SQLITE_OK;
    std::string text;
};

namespace database_process {

constexpr const char* role_variable = "HOLDFAST_TEST_DATABASE_PROCESS";
constexpr int role_descriptor = 3;

inline void send_text(int socket, std::int32_t number, const std::string& text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::string message(8, '\0');
    std::memcpy(message.data(), &number, 4);
    std::memcpy(message.data() + 4, &size, 4);
    message += text;
    for (std::size_t sent = 0; sent < message.size();) {
        const auto step = ::send(socket, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
        if (step <= 0) return;
        sent += static_cast<std::size_t>(step);
    }
}

inline bool receive_exactly(int socket, char* into, std::size_t size) {
    while (size > 0) {
        const auto step = ::recv(socket, into, size, 0);
        if (step <= 0) return false;
        into += step;
        size -= static_cast<std::size_t>(step);
    }
    return true;
}

inline bool receive_text(int socket, std::int32_t& number, std::string& text) {
    std::uint32_t size = 0;
    char head[8];
    if (!receive_exactly(socket, head, sizeof head)) return false;
    std::memcpy(&number, head, 4);
    std::memcpy(&size, head + 4, 4);
    text.resize(size);
    return receive_exactly(socket, text.data(), size);
}

inline DatabaseAnswer run_sql(sqlite3* connection, const std::string& sql) {
    DatabaseAnswer answer;
    const auto add_row = [](void* rows, int columns, char** values, char**) {
        auto& text = *static_cast<std::string*>(rows);
        if (!text.empty()) text += '\n';
        for (int i = 0; i < columns; ++i) text += std::string(i > 0 ? "|" : "") + (values[i] ? values[i] : "NULL");
        return 0;
    };
    answer.code = sqlite3_exec(connection, sql.c_str(), add_row, &answer.text, nullptr);
    if (answer.code != SQLITE_OK) answer.text = sqlite3_errmsg(connection);
    return answer;
}

// The deletion of a super-journal commits a transaction over several databases: die just before it, or just after.
inline void die_at_super_journal(bool after) {
    static int (*ordinary_delete)(sqlite3_vfs*, const char*, int) = nullptr;
    static bool delete_first = false;
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    ordinary_delete = vfs->xDelete;
    delete_first = after;
    vfs->xDelete = [](sqlite3_vfs* self, const char* name, int sync_folder) {
        const bool is_super_journal = std::strstr(name, "-mj") != nullptr;
        const int rc = is_super_journal && !delete_first ? SQLITE_OK : ordinary_delete(self, name, sync_folder);
        if (is_super_journal) ::raise(SIGKILL);
        return rc;
    };
}

// Orders: 1 open a path (closing what was open), 2 run SQL, 3 close, 4 become another user, 5 and 6 die at the next
// super-journal, before or after its deletion, 7 open a file and close it, past SQLite.
[[noreturn]] inline void serve(int socket) {
    move_pending_byte();
    sqlite3* connection = nullptr;
    std::int32_t order = 0;
    std::string text;
    while (receive_text(socket, order, text)) {
        DatabaseAnswer answer;
        if (order == 1 || order == 3) answer.code = sqlite3_close(std::exchange(connection, nullptr));
        if (order == 1) answer.code = sqlite3_open(text.c_str(), &connection);
        if (order == 2) answer = run_sql(connection, text);
        if (order == 4) answer.code = ::setresuid(65534, 65534, 65534);
        if (order == 5 || order == 6) die_at_super_journal(order == 6);
        if (order == 7) answer.code = ::close(::open(text.c_str(), O_RDONLY));
        send_text(socket, answer.code, answer.text);
    }
    ::_exit(0);
}

// The test program starts itself again; this turns the second one into the other process before any test runs.
inline const bool not_the_other_process = [] {
    if (std::getenv(role_variable)) serve(role_descriptor);
    return true;
}();

}  // namespace database_process

class DatabaseProcess {
public:
    DatabaseProcess() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        const std::string variable = std::string(database_process::role_variable) + "=1";
        std::vector<char*> environment;
        for (char** one = environ; *one; ++one) environment.push_back(*one);
        environment.push_back(const_cast<char*>(variable.c_str()));
        environment.push_back(nullptr);
        char program[] = "/proc/self/exe";
        char* arguments[] = {program, nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], database_process::role_descriptor);
        if (::posix_spawn(&pid_, program, &actions, nullptr, arguments, environment.data()) != 0) std::abort();
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        socket_ = ends[0];
    }
    explicit DatabaseProcess(const std::string& path) : DatabaseProcess() { open(path); }
    DatabaseProcess(const DatabaseProcess&) = delete;
    DatabaseProcess& operator=(const DatabaseProcess&) = delete;
    ~DatabaseProcess() {
        ::close(socket_);
        wait_for_end();
    }

    void open(const std::string& path) { expect_done(1, path); }
    void close() { expect_done(3, ""); }
    void become_nobody() { expect_done(4, ""); }
    void open_and_close_raw(const std::string& path) { expect_done(7, path); }
    enum class Death { before_deletion, after_deletion };
    void die_at_super_journal(Death death) { expect_done(death == Death::before_deletion ? 5 : 6, ""); }

    // The statements must succeed; the rows they gave.
    std::string run(const std::string& sql) {
        const auto answer = try_to(sql);
        EXPECT_EQ(answer.code, SQLITE_OK) << sql << ": " << answer.text;
        return answer.text;
    }
    DatabaseAnswer try_to(const std::string& sql) {
        ask(sql);
        return answer();
    }
    // The two halves of try_to(), to do something meanwhile.
    void ask(const std::string& sql) { database_process::send_text(socket_, 2, sql); }
    DatabaseAnswer answer() {
        DatabaseAnswer got;
        if (!database_process::receive_text(socket_, got.code, got.text)) return {-1, "the process is gone"};
        return got;
    }

    // kill -9; when this returns, its locks are gone and its files are closed.
    void kill_now() {
        ::kill(pid_, SIGKILL);
        wait_for_end();
    }
    pid_t pid() const { return pid_; }

private:
    void expect_done(std::int32_t order, const std::string& text) {
        database_process::send_text(socket_, order, text);
        const auto got = answer();
        EXPECT_EQ(got.code, 0) << "order " << order << " " << text << ": " << got.text;
    }
    void wait_for_end() {
        if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

    pid_t pid_ = 0;
    int socket_ = -1;
};

}  // namespace holdfast::tests
