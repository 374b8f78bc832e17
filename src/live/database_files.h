// DatabaseFiles: a database's main file opened through SQLite's VFS, its lock, and what lies beside it.
#pragma once

#include <optional>
#include <string>

#include "holdfast/host/host.h"
#include "holdfast/live/freeze.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::live {

struct DatabaseFiles {
    host::Host host;
    std::string path;  // links resolved
    FreezeOptions options;
    sqlite::RawFile main;
    host::FileStatus status;  // of the file that `main` has open
};
// not_found, invalid (not a regular file), denied, busy (the name changes hands faster than it can be opened).
Result<DatabaseFiles> open_database_files(host::Host host, const std::string& path, const FreezeOptions& options);

// SHARED, asked for again until the busy timeout. `busy` says who has the file open, where that can be seen.
Result<void> lock_patiently(DatabaseFiles& files);

enum class Sidecar { wal, journal };
std::string path_of(const DatabaseFiles& files, Sidecar sidecar);
// Empty when there is none. The main file should be locked: otherwise it may come and go.
Result<std::optional<sqlite::RawFile>> open_sidecar(const DatabaseFiles& files, Sidecar sidecar);

// Whether a crash left something in the WAL, which nobody is connected to: closing as the last connection would write it
// into the database.
Result<bool> has_leftover_wal(host::Host host, const std::string& path, const FreezeOptions& options);

// The first bytes of the main file, zeros past its end.
Result<Bytes> first_bytes(const sqlite::RawFile& file, std::size_t count);

// The number of pages of a database without a WAL: whole pages of its file, also those behind the end that its header
// tells, so that no byte is lost; a last page that the file holds in part counts where SQLite counts it.
Result<sqlite::PageNumber> pages_of_file(std::uint64_t size, const sqlite::DatabaseHeader& header);

// The pages of the image that SQLite counts: where the header counts, none behind the end that it tells. Files have such
// pages where space is taken in large steps (SQLITE_FCNTL_CHUNK_SIZE), or a kill came between a commit and the cutting of
// the file.
Result<sqlite::PageNumber> counted_pages(const sqlite::Image& image);

// The header as the image's first page has it; none without pages.
Result<std::optional<sqlite::DatabaseHeader>> header_of(const sqlite::Image& image);

// `busy` when the name now belongs to another file, `not_found` when to none.
Result<void> expect_same_file(const DatabaseFiles& files);

}  // namespace holdfast::live
