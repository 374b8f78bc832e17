#include "holdfast/sqlite/copy_pages.h"

#include <sqlite3.h>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {

struct PageCopy::Open {
    sqlite3_backup* backup = nullptr;
    sqlite3* destination = nullptr;
    ~Open() {
        if (backup != nullptr) sqlite3_backup_finish(backup);
    }
};

PageCopy::PageCopy(std::unique_ptr<Open> open) : open_(std::move(open)) {}
PageCopy::PageCopy(PageCopy&&) noexcept = default;
PageCopy& PageCopy::operator=(PageCopy&&) noexcept = default;
PageCopy::~PageCopy() = default;

Result<PageCopy> PageCopy::begin(Connection& source, Connection& destination) {
    const std::int64_t from = TRY(source.integer("PRAGMA page_size")), to = TRY(destination.integer("PRAGMA page_size"));
    const bool is_empty = TRY(destination.integer("PRAGMA page_count")) == 0;
    if (from != to && !is_empty) return fail(ErrorCode::invalid, "write into the database: its pages are {} bytes, the image's {}", to, from);
    auto open = std::make_unique<Open>();
    open->destination = destination.handle();
    open->backup = sqlite3_backup_init(destination.handle(), "main", source.handle(), "main");
    if (open->backup == nullptr) return connection_failure(destination.handle(), "write into the database");
    const int locked = sqlite3_backup_step(open->backup, 0);  // no pages, but the write lock
    if (locked == SQLITE_READONLY) return fail(ErrorCode::invalid, "write into the database: its page size cannot be changed while it is in WAL mode, or it is read-only");
    if (locked != SQLITE_OK && locked != SQLITE_DONE) return result_failure(locked, "lock the database for writing");
    return PageCopy(std::move(open));
}

Result<void> PageCopy::commit(const std::function<Result<void>(std::uint64_t, std::uint64_t)>& progress) {
    constexpr int pages_at_once = 4096;
    for (;;) {
        // The last step commits: nobody is asked between it and the answer.
        const int stepped = sqlite3_backup_step(open_->backup, pages_at_once);
        if (stepped == SQLITE_DONE) break;
        if (stepped != SQLITE_OK) return result_failure(stepped, "write the pages into the database");
        const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(open_->backup));
        const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(open_->backup));
        TRY(progress(total - left, total));
    }
    const int finished = sqlite3_backup_finish(open_->backup);
    open_->backup = nullptr;
    if (finished != SQLITE_OK) return result_failure(finished, "commit the pages to the database");
    return {};
}

}  // namespace holdfast::sqlite
