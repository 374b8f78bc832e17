// The backup API as the public page writer: an image into a live database in one transaction, or a database out of
// SQLite where raw reading is not possible.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// Takes the destination's write lock (SQLite's own, through sqlite3_backup_step(0)), lets the caller act while nobody
// can commit, then writes every page and commits. Before commit() everything can be given up without a trace.
class PageCopy {
public:
    // busy when the lock cannot be had within the destination's busy timeout; invalid when page sizes differ.
    static Result<PageCopy> begin(Connection& source, Connection& destination);
    PageCopy(PageCopy&&) noexcept;
    PageCopy& operator=(PageCopy&&) noexcept;
    ~PageCopy();  // rolls back unless committed
    // Writes all pages and commits. After a failure the destination is as it was before begin().
    Result<void> commit(const std::function<Result<void>(std::uint64_t done, std::uint64_t total)>& progress);

private:
    struct Open;
    explicit PageCopy(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite
