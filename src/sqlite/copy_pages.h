// PageCopy: every page of one database into another in one transaction, by SQLite's backup API. For an image into a live
// database, or for a database out of SQLite where raw reading is not possible.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// Takes the destination's write lock (SQLite's own, through sqlite3_backup_step(0)), lets the caller act while nobody
// can commit, then writes every page and commits. Before commit() everything can be given up without a trace.
//
// The lock: in WAL mode other connections read on, and keep their view until their transaction ends. In rollback mode
// it is EXCLUSIVE from begin() on: no other connection reads, and this process can read the file only without a lock.
// Neither connection may be used for anything else while this lives; both must outlive it.
//
// Afterwards the pages of the destination are those of the source, but for page 1: journal mode and counters are the
// destination's (mask_header_of_live_restore).
class PageCopy {
public:
    // busy when the lock cannot be had within the destination's busy timeout; invalid when page sizes differ or the
    // source has no pages; denied when the destination cannot be written.
    static Result<PageCopy> begin(Connection& source, Connection& destination);
    PageCopy(PageCopy&&) noexcept;
    PageCopy& operator=(PageCopy&&) noexcept;
    ~PageCopy();  // rolls back unless committed
    // Asked before each step of pages; its failure is one of write() or commit().
    using Progress = std::function<Result<void>(std::uint64_t done, std::uint64_t total)>;
    // Writes all pages but the last, so that commit() has little left to do. Nobody else sees them yet.
    Result<void> write(const Progress& progress);
    // Writes what is left and commits, once. After a failure of either the destination is as it was before begin().
    Result<void> commit(const Progress& progress);

private:
    struct Open;
    Result<void> step_until(std::uint64_t pages_left, const Progress& progress);
    Error given_up(int rc, int reason);
    explicit PageCopy(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite
