#include "holdfast/live/place.h"

#include "holdfast/base/text.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/who_has_it.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

// SQLite opens a frozen image as it would open the database, schema included, and leaves nothing beside it.
Result<void> open_with_sqlite(const sqlite::Image& image) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    TRY(connection.integer("SELECT count(*) FROM sqlite_schema"));
    return {};
}

Result<void> note_frozen(Present& present, Frozen& frozen) {
    present.is_wal = has_wal(frozen.facts().way);
    present.header = frozen.facts().header;
    if (frozen.image().last_page().value != 0) TRY(open_with_sqlite(frozen.image()));
    const auto& header = present.header;
    const bool header_counts = header && header->change_counter == header->version_valid_for;
    if (!present.is_wal && header_counts && header->page_count > frozen.image().last_page().value) {
        return fail(ErrorCode::corrupt, "it is cut short: {} of {} pages", frozen.image().last_page().value,
                    header->page_count);
    }
    return {};
}

bool is_about_content(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::invalid || code == ErrorCode::too_new;
}

}  // namespace

Result<Present> look_at_place(host::Host host, const std::string& target, const PlaceOptions& place) {
    Present present;
    const auto status = TRY(host::status_if_any(host.files, target));
    if (!status) return present;
    if (status->kind != host::FileKind::regular) {
        return fail(ErrorCode::invalid, "write {}: something that is not a file is there", printable(target));
    }
    present.is_there = true;
    present.file_size = status->size;
    auto frozen = freeze(host, target, {.vfs = place.vfs, .busy_timeout_ms = place.wait_ms});
    auto noted = frozen ? note_frozen(present, **frozen) : Result<void>(std::move(frozen).error());
    if (!noted && !is_about_content(noted.error().code())) return std::move(noted).error();
    present.is_usable = noted.ok();
    if (!noted) {
        present.why_unusable = noted.error().message();
        present.header.reset();
    }
    return present;
}

Result<std::string> why_not_by_transaction(const Present& present, const sqlite::Image& image) {
    if (image.last_page().value == 0) return std::string("the backup is of an empty database");
    if (!present.is_usable) return format("it cannot be used as a database ({})", present.why_unusable);
    if (!present.header) return std::string();
    const auto wanted = TRY(header_of(image));
    if (present.header->page_size != image.page_size()) {
        return format("its pages have {} bytes, those of the backup {}", present.header->page_size.bytes(),
                      image.page_size().bytes());
    }
    const std::uint32_t from = wanted->encoding, to = present.header->encoding;
    if (from != to && from != 0 && to != 0) return std::string("its text encoding is not that of the backup");
    return std::string();
}

Result<void> expect_openable(const sqlite::Image& image) {
    const auto served = TRY(sqlite::serve_image(image));
    const auto pages = [&]() -> Result<std::int64_t> {  // the first question of PageCopy
        auto connection = TRY(served->connect());
        return connection.integer("PRAGMA page_count");
    }();
    if (pages || pages.error().code() != ErrorCode::corrupt || !served->last_failure().empty()) return {};
    return fail(ErrorCode::corrupt, "SQLite cannot open what would come into it ({})", pages.error().message());
}

Result<void> expect_nobody_has_it(host::Host host, const std::string& target, const PlaceOptions& place) {
    const auto openers = openers_of(host, target);
    if (!openers.found.empty()) {
        return fail(ErrorCode::busy, "replace {}: {} {} it open", printable(target), in_words(openers),
                    openers.found.size() == 1 ? "has" : "have")
            .with_advice("stop it and try again");
    }
    if (openers.saw_every_process || place.offline) return {};
    return fail(ErrorCode::busy, "replace {}: some processes cannot be looked into, and one may have it open",
                printable(target))
        .with_advice("stop the application and say --offline, or run as root");
}

Result<void> expect_may_write(host::Host host, const std::string& path) {
    auto may = host.files.expect_writable(path);
    const bool makes_files = !TRY(host::exists(host.files, path + "-wal")) || !TRY(host::exists(host.files, path + "-shm"));
    if (may && makes_files) may = host.files.expect_writable(host::folder_of(path));
    if (may) return {};
    return std::move(may).error().while_doing(format("{} cannot be written", printable(path))).with_advice("make the file and its folder writable, or run as their owner");
}

Result<std::uint64_t> free_bytes_at(host::FileSystem& files, const std::string& target) {
    return files.free_bytes(TRY(host::existing_folder_of(files, target)));
}

}  // namespace holdfast::live
