#include "holdfast/base/text.h"
#include "holdfast/live/move_aside.h"
#include "holdfast/live/new_file.h"
#include "holdfast/live/place.h"
#include "holdfast/live/replace.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::live {
namespace {

// An exclusive lock on the file that goes: who opens it meanwhile finds it locked, and a WAL connection that is open,
// though idle, keeps us from getting it.
Result<sqlite::RawFile> lock_old_file(const std::string& path, const PlaceOptions& place) {
    auto file = TRY(sqlite::RawFile::open(path, {.vfs = place.vfs, .writable = true}));
    auto locked = file.lock_exclusive();
    if (locked) return file;
    return std::move(locked).error().with_advice("stop the application that has it open");
}

// A database that SQLite can still open brings itself to rest: a WAL or a hot journal that a crash left beside it goes
// into it, and it is one file, which is replaced in one step.
Result<void> let_it_come_to_rest(host::Host host, const std::string& path, const PlaceOptions& place) {
    const auto present = TRY(look_at_place(host, path, place));
    if (!present.is_usable || present.file_size == 0) return {};
    auto connection = TRY(sqlite::Connection::open(
        path, {.mode = sqlite::OpenMode::read_write, .vfs = place.vfs, .busy_timeout_ms = place.wait_ms}));
    TRY(connection.integer("PRAGMA schema_version"));
    TRY(connection.integer("PRAGMA wal_checkpoint(TRUNCATE)"));
    return {};
}

Result<void> expect_room_for_swap(host::Host host, const NewFileRequest& request, const PlaceOptions& place) {
    const auto status = TRY(host.files.status(request.path));
    if (status.kind != host::FileKind::regular) {
        return fail(ErrorCode::invalid, "replace {}: it is not a file", printable(request.path));
    }
    if (!request.replace_existing) {
        return fail(ErrorCode::exists, "write {}: it is there already", printable(request.path));
    }
    return expect_nobody_has_it(host, request.path, place);
}

}  // namespace

Result<WriteReport> swap_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                              const NewFileRequest& request, const PlaceOptions& place, const Watch& watch) {
    if (!TRY(host::status_if_any(host.files, request.path))) {
        NewFileRequest new_file = request;
        new_file.replace_existing = false;
        return write_new_file(host, pool, image, new_file, watch);
    }
    TRY(expect_room_for_swap(host, request, place));
    auto written = NewFile::write(host, pool, image, request, watch);
    if (!written) return std::move(written).error().while_doing(format("write {}", printable(request.path)));
    TRY(let_it_come_to_rest(host, request.path, place));
    const auto lock = TRY(lock_old_file(request.path, place));
    TRY(expect_nobody_has_it(host, request.path, place));
    const std::string aside = TRY(name_aside(host, request.path));
    written->report.moved_aside = TRY(keep_old_files(host.files, request.path, aside));
    TRY(written->replace());
    return std::move(written->report);
}

}  // namespace holdfast::live
