// Freezing a database in a test, and what SQLite itself reads of the same files: the oracle.
#pragma once

#include <filesystem>
#include <string>

#include "holdfast/live/freeze.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::tests {

// What SQLite reads of a copy of the database and its -wal and -journal, made here and now: recovered or rolled back as
// SQLite does it. The files must hold still. Drops the locks of this process.
inline Bytes what_sqlite_reads(const std::string& path) {
    const TemporaryFolder folder;
    const std::string copy = folder / std::filesystem::path(path).filename().string();
    for (const char* ending : {"", "-wal", "-journal"}) {
        if (std::filesystem::exists(path + ending)) std::filesystem::copy_file(path + ending, copy + ending);
    }
    auto connection = must(sqlite::Connection::open(copy, {.mode = sqlite::OpenMode::read_write}));
    must(connection.integer("PRAGMA schema_version"));
    return serialized(connection);
}

struct FrozenBytes {
    Bytes bytes;
    live::FreezeFacts facts;
    live::FreezeReport report;
    int first_looks = 0;  // how often the database was shown before it was held
};
inline Result<FrozenBytes> freeze_bytes(const std::string& path, const live::FreezeOptions& options = {}) {
    FrozenBytes frozen;
    const auto once = TRY(live::with_frozen(
        host::real_host(), path, options,
        {.first_look = [&](const sqlite::Image&) -> Result<void> {
             ++frozen.first_looks;
             return {};
         },
         .use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
             frozen.bytes = image_bytes(image);
             return {};
         }}));
    frozen.facts = once.facts;
    frozen.report = once.report;
    return frozen;
}

// The verdict of integrity_check on the bytes as a database of their own.
inline std::string integrity_of(ByteView database) {
    const TemporaryFolder folder;
    write_file(folder / "x.db", database);
    auto connection = must(sqlite::Connection::open(folder / "x.db", {.mode = sqlite::OpenMode::read_write}));
    return must(connection.text("PRAGMA integrity_check"));
}

}  // namespace holdfast::tests
