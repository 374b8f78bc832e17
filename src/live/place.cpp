#include "holdfast/live/place.h"

#include "holdfast/base/text.h"
#include "holdfast/host/openers.h"

namespace holdfast::live {

Result<sqlite::RawFile> open_raw(const Place& place, sqlite::RawFileKind kind) {
    switch (kind) {
        case sqlite::RawFileKind::wal: return sqlite::RawFile::open(place.wal(), {.vfs = place.options.vfs, .kind = kind});
        case sqlite::RawFileKind::journal: return sqlite::RawFile::open(place.journal(), {.vfs = place.options.vfs, .kind = kind});
        case sqlite::RawFileKind::database: break;
    }
    return sqlite::RawFile::open(place.path, {.vfs = place.options.vfs, .kind = kind});
}

Result<void> wait_for_shared(const Place& place, sqlite::RawFile& file) {
    const std::int64_t until = place.host.clock.monotonic_ns() + place.options.busy_timeout_ms * 1'000'000;
    for (std::int64_t pause_ms = 1;; pause_ms = std::min<std::int64_t>(pause_ms * 2, 20)) {
        auto locked = file.lock_shared();
        if (locked.ok() || locked.error().code() != ErrorCode::busy) return locked;
        if (place.host.clock.monotonic_ns() >= until) return say_who_is_there(place, std::move(locked).error());
        place.host.clock.sleep_ms(pause_ms);
    }
}

Error say_who_is_there(const Place& place, Error busy) {
    std::string who;
    if (const auto status = place.host.files.status(place.path); status.ok()) {
        if (const auto openers = host::who_has_open({.device = status->device, .inode = status->inode}); openers.ok())
            for (const auto& opener : openers->found) who += format("{}{} (process {})", who.empty() ? "" : ", ", opener.command, opener.process);
    }
    return fail(ErrorCode::busy, "read {}: it is locked{}: {}", place.path, who.empty() ? "" : " by " + who, busy.message())
        .with_advice("again when the application has finished its transaction; one in exclusive locking mode must be closed first");
}

Result<sqlite::PageNumber> whole_pages(std::uint64_t size, sqlite::PageSize page_size, const std::string& path) {
    if (size % page_size.bytes() != 0)
        return fail(ErrorCode::corrupt, "read {}: its {} bytes are not a whole number of pages of {}", path, size, page_size.bytes());
    const std::uint64_t pages = size / page_size.bytes();
    if (pages > 0xFFFFFFFEull) return fail(ErrorCode::corrupt, "read {}: {} pages are more than SQLite can have", path, pages);
    return sqlite::PageNumber{static_cast<std::uint32_t>(pages)};
}

}  // namespace holdfast::live
