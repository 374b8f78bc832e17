#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/live/place.h"
#include "holdfast/live/replace.h"
#include "holdfast/live/who_has_it.h"

namespace holdfast::live {
namespace {

// What a transaction needs beside the database: all new pages in the WAL, or the old ones that they overwrite in the
// journal, and what the file grows by. A file that becomes smaller is cut after the commit: what is cut off is in no journal.
std::uint64_t bytes_for_transaction(const Present& present, const sqlite::Image& image) {
    constexpr std::uint64_t frame_or_record_bytes = 24, index_bytes = 8, headers_bytes = 64 * 1024;  // index: the -shm
    const std::uint64_t page_bytes = image.page_size().bytes();
    const std::uint64_t growth = image.size() - std::min(image.size(), present.file_size);
    const std::uint64_t old_pages = present.file_size / page_bytes + 1, new_pages = image.last_page().value;
    const std::uint64_t pages = present.is_wal ? new_pages : std::min(old_pages, new_pages);
    return growth + pages * (page_bytes + frame_or_record_bytes + index_bytes) + headers_bytes;
}

Result<void> choose_route(host::Host host, RoutePlan& plan, const sqlite::Image& image, const PlaceOptions& place) {
    const auto present = TRY(look_at_place(host, plan.target, place));
    plan.bytes_needed = image.size();
    if (!present.is_there) {
        plan.route = Route::new_file;
        plan.why = "nothing is there";
        return {};
    }
    plan.openers = openers_of(host, plan.target).found;
    std::string why_not = TRY(why_not_by_transaction(present, image));
    const auto openable = why_not.empty() ? expect_openable(image) : Result<void>();
    if (!openable) why_not = openable.error().message();
    plan.is_wal = present.is_wal;
    if (why_not.empty()) {
        plan.route = Route::transaction;
        plan.why = "the file is a database that others may have open";
        plan.bytes_needed = bytes_for_transaction(present, image);
        return {};
    }
    plan.route = Route::swap;
    if (host.files.is_mount_point(plan.target)) {
        return fail(ErrorCode::invalid, "replace {}: {}, so the file is to be replaced as a whole, and it is a mount point, which cannot be", printable(plan.target), why_not)
            .with_advice(format("umount {}, and restore again; or restore elsewhere: --to PATH", shell_word(plan.target)));
    }
    plan.comes_to_rest = present.is_usable && present.file_size != 0;
    plan.why = format("{}, and nobody has it open", why_not);
    TRY(expect_nobody_has_it(host, plan.target, place));
    if (!present.is_usable || place.offline) return {};
    if (!openable) {
        return fail(openable.error().code(), "write into {}: {}", printable(plan.target), why_not)
            .with_advice("another backup; or --to FILE, which writes the damaged file, for what can be rescued from it; or stop the application and say --offline --no-check: then that file takes the database's place, and the old one is kept aside");
    }
    return fail(ErrorCode::invalid, "write into {}: {}", printable(plan.target), why_not)
        .with_advice("stop the application and say --offline: then the file is replaced, and the old one kept aside");
}

Result<void> expect_may_write(host::Host host, const RoutePlan& plan) {
    const bool is_there = plan.route != Route::new_file;
    auto may = is_there ? host.files.expect_writable(plan.target) : Result<void>();
    // SQLite makes its journal or WAL beside the database, unless the WAL is there already.
    const bool makes_files = plan.route != Route::transaction || !plan.is_wal ||
                             !TRY(host::exists(host.files, plan.target + "-wal"));
    if (may && makes_files) may = host.files.expect_writable(TRY(host::existing_folder_of(host.files, plan.target)));
    if (may) return {};
    return std::move(may)
        .error()
        .while_doing(format("restore to {}", printable(plan.target)))
        .with_advice("make it writable, run as its owner, or restore elsewhere: --to PATH");
}

// A journal that is kept between transactions (PRAGMA journal_mode = PERSIST) is written over.
Result<std::uint64_t> bytes_to_write_over(host::Host host, const RoutePlan& plan) {
    if (plan.route != Route::transaction || plan.is_wal) return 0;
    const auto journal = TRY(host::status_if_any(host.files, plan.target + "-journal"));
    return journal ? journal->size : 0;
}

}  // namespace

Result<RoutePlan> plan_replacement(host::Host host, const std::string& path, const sqlite::Image& image,
                                   const PlaceOptions& options) {
    RoutePlan plan;
    plan.target = TRY(host::canonical_or_future(host.files, path));
    TRY(choose_route(host, plan, image, options));
    TRY(expect_may_write(host, plan));
    plan.bytes_free = TRY(free_bytes_at(host.files, plan.target)) + TRY(bytes_to_write_over(host, plan));
    if (plan.bytes_free >= plan.bytes_needed) return plan;
    return fail(ErrorCode::full, "write {}: it takes {}, and {} are free", printable(plan.target),
                human_bytes(plan.bytes_needed), human_bytes(plan.bytes_free))
        .with_advice("make room on that file system, or restore to another one");
}

}  // namespace holdfast::live
