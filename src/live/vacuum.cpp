#include "holdfast/live/vacuum.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/content_hash.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/place.h"
#include "holdfast/sqlite/interruptible.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

Result<std::uint64_t> free_pages(const sqlite::Image& image) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    return static_cast<std::uint64_t>(TRY(connection.integer("PRAGMA freelist_count")));
}

Result<Hash> hash_of(const sqlite::Image& image, const Watch& watch) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    return content_hash(connection, watch);
}

}  // namespace

Result<VacuumRoom> room_for_vacuum(host::Host host, const std::string& path, const sqlite::Image& image, const std::string& temporary_folder) {
    VacuumRoom room;
    room.folder = host::folder_of(path);
    room.temporary_folder = temporary_folder;
    const std::uint64_t free_bytes = TRY(free_pages(image)) * image.page_size().bytes();
    room.bytes_after = image.size() - std::min(image.size(), free_bytes);
    room.beside_needed = image.size() + image.size() / 64;  // frames and records have headers
    room.temporary_needed = room.bytes_after;
    room.beside_free = TRY(host.files.free_bytes(room.folder));
    room.temporary_free = TRY(host.files.free_bytes(temporary_folder));
    const auto beside = TRY(host.files.status(room.folder)), temporary = TRY(host.files.status(temporary_folder));
    const bool is_one_disk = beside.device == temporary.device;
    room.is_enough = is_one_disk ? room.beside_needed + room.temporary_needed <= room.beside_free
                                 : room.beside_needed <= room.beside_free && room.temporary_needed <= room.temporary_free;
    return room;
}

Result<void> vacuum_in_place(LiveWriter& writer, const Watch& watch) {
    TRY(writer.back_up_only());
    const sqlite::Interruptible interruptible(writer.connection(), watch);
    auto done = writer.connection().execute("VACUUM");
    if (!done) return writer.explained(std::move(done).error());
    return {};
}

// The image's own VFS knows no other files: the new one is named with the ordinary VFS.
Result<void> vacuum_into(const sqlite::Image& image, const std::string& file, const Watch& watch) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    const sqlite::Interruptible interruptible(connection, watch);
    auto statement = TRY(connection.prepare("VACUUM INTO ?1"));
    TRY(statement.bind(1, std::string_view(sqlite::uri_on_default_vfs(file))));
    TRY(statement.step());
    if (const std::string why = served->last_failure(); !why.empty()) return fail(ErrorCode::corrupt, "read the database: {}", why);
    return {};
}

void give_wal_back(host::Host host, const std::string& path, const PlaceOptions& place) {
    const auto is_leftover = has_leftover_wal(host, path, {.vfs = place.vfs, .busy_timeout_ms = place.wait_ms});
    if (!is_leftover || *is_leftover) return;
    auto connection = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write, .vfs = place.vfs, .busy_timeout_ms = place.wait_ms});
    if (connection) static_cast<void>(connection->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
}

Result<bool> have_same_content(const sqlite::Image& a, const sqlite::Image& b, const Watch& watch) {
    return TRY(hash_of(a, watch)) == TRY(hash_of(b, watch));
}

Result<std::uint64_t> analyze(LiveWriter& writer, const Watch& watch) {
    TRY(writer.begin());
    const sqlite::Interruptible interruptible(writer.connection(), watch);
    auto done = writer.connection().execute("ANALYZE main");
    if (!done) return writer.explained(std::move(done).error());
    const bool has_any = TRY(writer.connection().integer("SELECT count(*) FROM main.sqlite_schema WHERE name = 'sqlite_stat1'")) != 0;
    const auto count = has_any ? TRY(writer.connection().integer("SELECT count(*) FROM main.sqlite_stat1")) : 0;
    TRY(writer.commit());
    return static_cast<std::uint64_t>(count);
}

}  // namespace holdfast::live
