// World: a folder with real databases, a repository and caches of its own, and the verbs called as a surface calls them.
#pragma once

#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>

#include "holdfast/base/text.h"
#include "holdfast/live/file_swap.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/exec.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/init.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/restore.h"
#include "holdfast/operations/status.h"
#include "holdfast/operations/verify.h"
#include "operations/refusing_files.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::operations {

using tests::FailsWith;
using tests::must;
using tests::Succeeds;

// The machine's clock, ahead by what a test wants.
class ShiftedClock final : public host::Clock {
public:
    Timestamp now() override { return {host::system_clock().now().nanoseconds + ahead_s * nanoseconds_per_second}; }
    std::int64_t monotonic_ns() override { return host::system_clock().monotonic_ns(); }
    void sleep_ms(std::int64_t ms) override { host::system_clock().sleep_ms(ms); }
    std::int64_t ahead_s = 0;
};

struct Journal {
    std::string mode = "wal";
    std::uint32_t page_size = 4096;
};

class World : public ::testing::Test {
protected:
    World()
        : context{.host = {.files = files, .clock = clock, .random = host::system_random(), .log = host::silent_log()},
                  .watch = {},
                  .vfs = {},
                  .may_ask = false} {
        for (const char* name : {"HOLDFAST_REPOSITORY", "HOLDFAST_PASSWORD_FILE", "HOLDFAST_PASSWORD_COMMAND", "HOLDFAST_KEY_FILE", "HOLDFAST_SETTINGS", "HOLDFAST_ENVIRONMENT"}) {
            ::unsetenv(name);
        }
        ::setenv("XDG_CACHE_HOME", (root / "cache").c_str(), 1);
        ::setenv("XDG_STATE_HOME", (root / "state").c_str(), 1);
        must(files.make_folder(work, 0755));
        std::filesystem::current_path(work);
    }
    ~World() override { std::filesystem::current_path("/"); }

    RepositoryRequest in_repository() const {
        RepositoryRequest request;
        request.repository = repository;
        return request;
    }
    void make_repository() { must(init(context, {.repository = in_repository()})); }

    // --- databases ---

    static sqlite::Connection connect(const std::string& path) {
        return must(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create}));
    }
    static void execute(const std::string& path, const std::string& sql) {
        auto connection = connect(path);
        must(connection.execute(sql));
    }
    // A database with `rows` rows, closed again.
    static void create_database(const std::string& path, int rows = 200, const Journal& journal = {}) {
        execute(path, format("PRAGMA page_size = {}; PRAGMA journal_mode = {}; CREATE TABLE ledger(n INTEGER PRIMARY KEY, payload TEXT);"
                             "CREATE INDEX payloads ON ledger(payload); {}", journal.page_size, journal.mode, insertion(rows)));
    }
    static std::string insertion(int rows) {
        return format("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {}) INSERT INTO ledger(payload) "
                      "SELECT printf('entry %d %s', i, hex(randomblob(40))) FROM c;", rows);
    }
    static void insert(const std::string& path, int rows) { execute(path, insertion(rows)); }

    // What SQLite reads in it: every row, in order.
    static std::string rows_of(sqlite::Connection& connection) {
        return must(connection.text("SELECT coalesce(group_concat(n || '=' || payload, char(10)), '') FROM (SELECT * FROM ledger ORDER BY n)"));
    }
    static std::string rows_of(const std::string& path) {
        auto connection = connect(path);
        return rows_of(connection);
    }
    static std::string hash_of_file(const std::string& path) { return sha256(tests::file_bytes(path)).hex(); }

    // Every file below, by its path and bytes: what must not change when something is refused.
    static std::map<std::string, std::string> files_below(const std::string& folder) {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) found[entry.path()] = std::string(text_of(tests::file_bytes(entry.path())));
        }
        return found;
    }
    static bool exists(const std::string& path) { return std::filesystem::exists(path); }
    static void write(const std::string& path, std::string_view text) { tests::write_file(path, bytes_of(text)); }
    static void overwrite(const std::string& path, std::size_t at, std::string_view with) {
        Bytes bytes = tests::file_bytes(path);
        std::ranges::copy(bytes_of(with), bytes.begin() + static_cast<std::ptrdiff_t>(at));
        tests::write_file(path, bytes);
    }

    // --- verbs ---

    BackupRequest backup_request(std::vector<std::string> databases) const {
        BackupRequest request;
        request.repository = in_repository();
        request.databases = std::move(databases);
        return request;
    }
    Result<BackupReport> try_backup(std::vector<std::string> databases) {
        return operations::backup(context, backup_request(std::move(databases)));
    }
    BackupReport backup(const std::string& path) { return must(try_backup({path})); }
    BackupReport backup() { return backup(database); }

    // Waits for no lock.
    ExecRequest exec_request(const std::string& sql) const {
        ExecRequest request;
        request.target.database = database;
        request.sql = sql;
        request.before.repository = in_repository();
        request.before.wait_s = 0;
        return request;
    }

    RestoreRequest restore_request(const std::string& snapshot) const {
        RestoreRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        return request;
    }
    Result<RestoreReport> restore_to(const std::string& snapshot, const std::string& to) {
        auto request = restore_request(snapshot);
        request.to = to;
        return restore(context, request);
    }
    Result<RestoreReport> restore_in_place(const std::string& snapshot) { return restore(context, restore_request(snapshot)); }

    // The folders beside the files that restores in place work in, below the work folder.
    std::vector<std::string> litter() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(work)) {
            if (live::is_restore_folder(entry.path().filename().string())) found.push_back(entry.path());
        }
        return found;
    }

    ListReport listed(bool forgotten = false) {
        ListRequest request;
        request.repository = in_repository();
        request.forgotten = forgotten;
        return must(list(context, request));
    }
    std::vector<std::uint64_t> numbers(bool forgotten = false) {
        std::vector<std::uint64_t> found;
        for (const auto& backup : listed(forgotten).backups) found.push_back(backup.number);
        return found;
    }
    ShowReport shown(const std::string& snapshot) {
        ShowRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        return must(show(context, request));
    }
    VerifyRequest verify_request(const std::string& level) const {
        VerifyRequest request;
        request.repository = in_repository();
        request.level = level;
        return request;
    }
    VerifyReport verify_all(const std::string& level = "opened") {
        auto request = verify_request(level);
        request.all = true;
        return must(verify(context, request));
    }
    // The file times of the databases are then older than every later freeze by more than a second.
    void let_time_pass() { clock.ahead_s += 10; }

    tests::TemporaryFolder root;
    std::string work = root / "work";
    std::string repository = root / "repository";
    std::string database = root / "work/app.db";
    tests::RefusingFiles files;
    ShiftedClock clock;
    Context context;
};

}  // namespace holdfast::operations
