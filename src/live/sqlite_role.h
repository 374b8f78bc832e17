// sqlite_role_of(): whether a file is a SQLite database, or what SQLite keeps beside one, by looking only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::live {

// A folder as it was listed: what lies beside a file tells what the file is.
struct ListedFolder {
    std::string path;
    std::vector<std::string> names;  // sorted by bytes
    std::function<bool(const std::string& path)> is_known_database;  // such are never opened
};
enum class SqliteRole { none, database, sidecar };

// Of a regular file of that size in the folder.
//
// database  It begins as one; of what has neither a whole number of sectors nor a sidecar beside it the bytes are not read.
//           Or a -wal or -journal beside it is one of SQLite's, whatever the file holds: it is encrypted, or just begun.
// sidecar   The -wal, -shm or -journal of a database; or what looks like one although no database is there: put beside
//           one later, it would destroy it.
//
// Bytes are read through SQLite's VFS, so that no lock of this process is lost; a -shm is never opened.
// not_found: it is gone; denied: it cannot be read.
Result<SqliteRole> sqlite_role_of(host::FileSystem& files, const ListedFolder& folder, const std::string& name, std::uint64_t size);

}  // namespace holdfast::live
