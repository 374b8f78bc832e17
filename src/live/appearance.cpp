// What can be known of a database without reading it.
#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/place.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::live {
namespace {

std::string words_of(const host::FileStatus& status) {
    return format("{}:{}:{}:{}:{}", status.device, status.inode, status.size, status.modified.nanoseconds, status.changed.nanoseconds);
}

Result<std::string> first_bytes(const Place& place, sqlite::RawFileKind kind, std::size_t size) {
    const auto file = TRY(open_raw(place, kind));
    Bytes bytes(size);
    TRY(file.read(0, bytes));
    return to_hex(bytes);
}

}  // namespace

Result<Appearance> appearance_of(host::Host host, const std::string& path, const FreezeOptions& options) {
    const Place place{.host = host, .path = path, .options = options};
    const auto main = TRY(host.files.status(path));
    Appearance appearance{.text = "main " + words_of(main), .last_change = main.changed};
    if (main.kind != host::FileKind::regular || main.size == 0) return appearance;
    appearance.text += " " + TRY(first_bytes(place, sqlite::RawFileKind::database, sqlite::database_header_size));
    if (const auto wal = TRY(host::status_if_any(host.files, place.wal()))) {
        appearance.text += " wal " + words_of(*wal) + " " + TRY(first_bytes(place, sqlite::RawFileKind::wal, sqlite::wal_header_size));
        appearance.last_change = std::max(appearance.last_change, wal->changed);
    }
    if (const auto journal = TRY(host::status_if_any(host.files, place.journal()))) {
        appearance.text += " journal " + words_of(*journal);
        appearance.last_change = std::max(appearance.last_change, journal->changed);
    }
    return appearance;
}

}  // namespace holdfast::live
