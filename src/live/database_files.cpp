#include "holdfast/live/database_files.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/live/who_has_it.h"

namespace holdfast::live {
namespace {

bool is_same_file(const host::FileStatus& a, const host::FileStatus& b) {
    return a.device == b.device && a.inode == b.inode;
}

Result<host::FileStatus> status_of_database(host::Host host, const std::string& path) {
    auto status = TRY(host.files.status(path));
    if (status.kind == host::FileKind::regular) return status;
    return fail(ErrorCode::invalid, "open {}: it is not a file", printable(path));
}

// Programs older than SQLite 3.7 wrote no page count.
bool header_counts(const sqlite::DatabaseHeader& header) {
    return header.page_count != 0 && header.change_counter == header.version_valid_for;
}

}  // namespace

Result<DatabaseFiles> open_database_files(host::Host host, const std::string& path, const FreezeOptions& options) {
    const std::string resolved = TRY(host.files.canonical(path));
    for (int attempt = 0; attempt < options.attempts_max; ++attempt) {
        const auto before = TRY(status_of_database(host, resolved));
        auto main = TRY(sqlite::RawFile::open(resolved, {.vfs = options.vfs}));
        auto status = TRY(status_of_database(host, resolved));
        if (!is_same_file(before, status)) continue;
        return DatabaseFiles{host, resolved, options, std::move(main), status};
    }
    return fail(ErrorCode::busy, "open {}: it keeps being replaced by other files", printable(path));
}

Result<void> lock_patiently(DatabaseFiles& files) {
    constexpr std::int64_t pause_ms_max = 16;
    host::Clock& clock = files.host.clock;
    const std::int64_t give_up_ns = clock.monotonic_ns() + files.options.busy_timeout_ms * 1'000'000;
    for (std::int64_t pause_ms = 1;; pause_ms = std::min(pause_ms * 2, pause_ms_max)) {
        auto locked = files.main.lock_shared();
        if (locked || locked.error().code() != ErrorCode::busy) return locked;
        if (clock.monotonic_ns() >= give_up_ns) break;
        clock.sleep_ms(pause_ms);
    }
    const auto openers = openers_of(files.host, files.path);
    return fail(ErrorCode::busy, "read {}: it has been locked for {}{}", printable(files.path),
                human_duration_ms(static_cast<double>(files.options.busy_timeout_ms)),
                openers.found.empty() ? "" : format(" by {}", in_words(openers)))
        .with_advice("wait for the long transaction to end; an application in exclusive locking mode must be stopped");
}

std::string path_of(const DatabaseFiles& files, Sidecar sidecar) {
    return files.path + (sidecar == Sidecar::wal ? "-wal" : "-journal");
}

Result<std::optional<sqlite::RawFile>> open_sidecar(const DatabaseFiles& files, Sidecar sidecar) {
    const std::string path = path_of(files, sidecar);
    const auto kind = sidecar == Sidecar::wal ? sqlite::RawFileKind::wal : sqlite::RawFileKind::journal;
    const auto status = TRY(host::status_if_any(files.host.files, path));
    if (!status) return std::optional<sqlite::RawFile>();
    if (status->kind != host::FileKind::regular) {
        return fail(ErrorCode::invalid, "open {}: it is not a file", printable(path));
    }
    auto file = sqlite::RawFile::open(path, {.vfs = files.options.vfs, .kind = kind});
    if (file) return std::optional(std::move(file).value());
    if (file.error().code() == ErrorCode::not_found) return std::optional<sqlite::RawFile>();
    return std::move(file).error();
}

Result<bool> has_leftover_wal(host::Host host, const std::string& path, const FreezeOptions& options) {
    const auto files = TRY(open_database_files(host, path, options));
    const auto status = TRY(host::status_if_any(host.files, path_of(files, Sidecar::wal)));
    return status && status->size != 0 && TRY(files.main.wal_index_state()) != sqlite::RawFile::WalIndexState::connected;
}

Result<Bytes> first_bytes(const sqlite::RawFile& file, std::size_t count) {
    Bytes bytes(count);
    TRY(file.read(0, bytes));
    return bytes;
}

Result<sqlite::PageNumber> pages_of_file(std::uint64_t size, const sqlite::DatabaseHeader& header) {
    const std::uint32_t page_bytes = header.page_size.bytes();
    const std::uint64_t whole = size / page_bytes;
    if (whole >= std::numeric_limits<std::uint32_t>::max()) {
        return fail(ErrorCode::corrupt, "{} pages of {} bytes are more than a database can have", whole, page_bytes);
    }
    const bool has_part = size % page_bytes != 0;
    const bool part_counts = has_part && (!header_counts(header) || header.page_count > whole);
    return sqlite::PageNumber{static_cast<std::uint32_t>(whole + (part_counts ? 1 : 0))};
}

Result<std::optional<sqlite::DatabaseHeader>> header_of(const sqlite::Image& image) {
    if (image.last_page().value == 0) return std::optional<sqlite::DatabaseHeader>();
    Buffer page(image.page_size().bytes());
    TRY(image.read({sqlite::PageNumber{1}, 1}, page.span()));
    return std::optional(TRY(sqlite::parse_database_header(page.view())));
}

Result<sqlite::PageNumber> counted_pages(const sqlite::Image& image) {
    const auto header = TRY(header_of(image));
    if (!header || !header_counts(*header)) return image.last_page();
    return sqlite::PageNumber{std::min(header->page_count, image.last_page().value)};
}

Result<void> expect_same_file(const DatabaseFiles& files) {
    const auto status = TRY(files.host.files.status(files.path));
    if (is_same_file(status, files.status)) return {};
    return fail(ErrorCode::busy, "read {}: another file was put in its place meanwhile", printable(files.path));
}

}  // namespace holdfast::live
