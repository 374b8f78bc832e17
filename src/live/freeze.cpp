#include "holdfast/live/freeze.h"

#include "holdfast/base/text.h"
#include "holdfast/live/place.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

Result<sqlite::DatabaseHeader> read_header(const Place& place, const sqlite::RawFile& file) {
    Bytes first(sqlite::database_header_size);
    TRY(file.read(0, first));
    auto header = sqlite::parse_database_header(first);
    if (!header) return std::move(header).error().while_doing("read " + place.path);
    return header;
}

Result<host::FileStatus> look_at_file(const Place& place) {
    const auto status = TRY(place.host.files.status(place.path));
    if (status.kind == host::FileKind::folder)
        return fail(ErrorCode::invalid, "read {}: it is a folder", place.path).with_advice("the path of a database in it");
    if (status.kind != host::FileKind::regular) return fail(ErrorCode::invalid, "read {}: it is not a regular file", place.path);
    return status;
}

// The expensive part without a lock: what a writer does meanwhile is found again under the lock.
Result<void> look_first(const sqlite::RawFile& file, sqlite::PageSize page_size, const std::function<Result<void>(const sqlite::Image&)>& first_look) {
    const std::uint64_t pages = TRY(file.size()) / page_size.bytes();
    if (pages == 0 || pages > 0xFFFFFFFEull) return {};
    const auto image = sqlite::file_image(file, page_size, sqlite::PageNumber{static_cast<std::uint32_t>(pages)});
    return first_look(*image);
}

}  // namespace

std::string_view name_of(ReadAs way) {
    switch (way) {
        case ReadAs::empty: return "empty";
        case ReadAs::rollback: return "rollback";
        case ReadAs::hot_journal: return "hot-journal";
        case ReadAs::wal: return "wal";
        case ReadAs::wal_quiet: return "wal-quiet";
        case ReadAs::wal_leftover: return "wal-leftover";
        case ReadAs::backup_api: return "backup-api";
    }
    return "unknown";
}

Result<std::unique_ptr<Frozen>> freeze(host::Host host, const std::string& path, const FreezeOptions& options,
                                       const std::function<Result<void>(const sqlite::Image&)>& first_look) {
    const Place place{.host = host, .path = path, .options = options};
    const auto status = TRY(look_at_file(place));
    if (status.size == 0) return frozen_empty(place, status);
    auto file = TRY(open_raw(place, sqlite::RawFileKind::database));
    const auto before = TRY(read_header(place, file));
    if (!before.is_wal() && first_look) TRY(look_first(file, before.page_size, first_look));

    // In rollback mode the write lock of a connection of ours is EXCLUSIVE, and a second handle could not lock.
    if (before.is_wal() || !options.held_still) TRY(wait_for_shared(place, file));
    Locked locked{.file = std::move(file), .header = before, .since_ns = host.clock.monotonic_ns()};
    if (auto hot = TRY(freeze_hot_journal(place, locked))) return hot;
    if (TRY(locked.file.size()) == 0) return fail(ErrorCode::busy, "read {}: it became empty under us", path);
    locked.header = TRY(read_header(place, locked.file));
    if (locked.header.is_wal() != before.is_wal() || locked.header.page_size != before.page_size)
        return fail(ErrorCode::busy, "read {}: its journal mode or page size changed under us", path);
    const auto now = TRY(look_at_file(place));
    if (now.device != status.device || now.inode != status.inode) return fail(ErrorCode::busy, "read {}: the file was replaced under us", path);
    if (locked.header.is_wal()) return freeze_wal(place, std::move(locked));
    return freeze_rollback(place, std::move(locked));
}

Result<FrozenOnce> with_frozen(host::Host host, const std::string& path, const FreezeOptions& options, const FreezeUse& use) {
    for (int attempt = 1;; ++attempt) {
        const bool last = attempt == options.attempts_max;
        const host::Stopwatch waited(host.clock);
        auto frozen = freeze(host, path, options, use.first_look);
        if (!frozen) {
            const bool moved = frozen.error().code() == ErrorCode::busy && waited.ms() < static_cast<double>(options.busy_timeout_ms);
            if (moved && !last) continue;
            return std::move(frozen).error();
        }
        TRY(use.use((*frozen)->image(), (*frozen)->facts()));
        const FreezeFacts facts = (*frozen)->facts();
        auto report = (*frozen)->finish();
        if (report) {
            report->attempts = attempt;
            return FrozenOnce{.facts = facts, .report = *report};
        }
        if (report.error().code() != ErrorCode::busy || last) return std::move(report).error();
    }
}

}  // namespace holdfast::live
