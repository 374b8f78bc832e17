#include "holdfast/sqlite/copy_pages.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {
namespace {

constexpr int pages_per_step = 256;
constexpr int busy_pause_ms = 20;

struct FinishBackup {
    void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};
using Backup = std::unique_ptr<sqlite3_backup, FinishBackup>;

bool is_busy(int rc) { return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED; }

Result<void> expect_equal_layout(Connection& source, Connection& destination) {
    if (TRY(source.integer("PRAGMA page_count")) == 0) {
        return fail(ErrorCode::invalid, "copy pages: the source has none");
    }
    const auto from = TRY(source.integer("PRAGMA page_size")), to = TRY(destination.integer("PRAGMA page_size"));
    const bool has_pages = TRY(destination.integer("PRAGMA page_count")) > 0;
    if (has_pages && from != to) {
        return fail(ErrorCode::invalid, "copy pages: the source's have {} bytes, the destination's {}", from, to);
    }
    return {};
}

}  // namespace

struct PageCopy::Open {
    Backup backup;
    sqlite3* destination;
    std::int64_t busy_timeout_ms;

    // Steps again while somebody else is at it, as long as the destination's connection would wait.
    int step(int pages) const {
        for (std::int64_t waited_ms = 0;; waited_ms += busy_pause_ms) {
            const int rc = sqlite3_backup_step(backup.get(), pages);
            if (!is_busy(rc) || waited_ms >= busy_timeout_ms) return rc;
            sqlite3_sleep(busy_pause_ms);
        }
    }
    Error failure(int rc, std::string_view doing) const {
        return is_busy(rc) ? fail(ErrorCode::busy, "{}: another connection is using the database", doing)
                           : result_failure(rc, doing);
    }
};

PageCopy::PageCopy(std::unique_ptr<Open> open) : open_(std::move(open)) {}
PageCopy::PageCopy(PageCopy&&) noexcept = default;
PageCopy& PageCopy::operator=(PageCopy&&) noexcept = default;
PageCopy::~PageCopy() = default;

Result<PageCopy> PageCopy::begin(Connection& source, Connection& destination) {
    TRY(expect_equal_layout(source, destination));
    Backup backup(sqlite3_backup_init(destination.handle(), "main", source.handle(), "main"));
    if (!backup) return connection_failure(destination.handle(), "begin to copy pages");
    const auto timeout_ms = TRY(destination.integer("PRAGMA busy_timeout"));
    auto open = std::make_unique<Open>(Open{std::move(backup), destination.handle(), timeout_ms});
    // SQLite's own busy handler does the waiting for the lock.
    const int rc = sqlite3_backup_step(open->backup.get(), 0);
    if (rc != SQLITE_OK) return open->failure(rc, "take the write lock of the database");
    return PageCopy(std::move(open));
}

// Where a write failed SQLite leaves its journal to the next who opens the database; who may only read it cannot.
Error PageCopy::given_up(int rc, int reason) {
    sqlite3_backup_finish(open_->backup.release());
    sqlite3_exec(open_->destination, "SELECT 1 FROM sqlite_schema", nullptr, nullptr, nullptr);
    if (rc == SQLITE_IOERR_WRITE && reason == EFBIG) {
        return fail(ErrorCode::full, "write pages into the database: the file would be larger than the file system or a limit allows").with_advice("ulimit -f shows the limit");
    }
    return open_->failure(rc, "write pages into the database");
}

// The step that writes the last page commits.
Result<void> PageCopy::step_until(std::uint64_t pages_left, const Progress& progress) {
    HOLDFAST_ASSERT(open_->backup != nullptr);
    sqlite3_backup* backup = open_->backup.get();
    for (int rc = SQLITE_OK; rc != SQLITE_DONE;) {
        const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
        const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup));
        if (left <= pages_left && pages_left > 0) return {};
        if (auto go_on = progress(total - left, total); !go_on) {
            open_->backup.reset();
            return std::move(go_on).error();
        }
        errno = 0;
        rc = open_->step(static_cast<int>(std::min<std::uint64_t>(pages_per_step, left - pages_left)));
        if (rc != SQLITE_OK && rc != SQLITE_DONE) return given_up(rc, errno);
    }
    return {};
}

Result<void> PageCopy::write(const Progress& progress) { return step_until(1, progress); }

Result<void> PageCopy::commit(const Progress& progress) {
    TRY(step_until(0, progress));
    const int finished = sqlite3_backup_finish(open_->backup.release());
    return finished == SQLITE_OK ? Result<void>() : open_->failure(finished, "commit the pages");
}

}  // namespace holdfast::sqlite
