// Which SQLite a program or library file holds, by the file's own bytes; and which versions have a bug that matters to us.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/host/file_system.h"

namespace holdfast::sqlite {

struct Version {
    std::uint32_t major = 0, minor = 0, patch = 0;
    auto operator<=>(const Version&) const = default;
    std::string text() const;  // "3.40.1"
};
std::optional<Version> parse_version(std::string_view text);

// None: the file holds no SQLite, or more versions than one could be meant. A SQLite is known by its source id (a date and
// a hash), its version by the C string that sqlite3_libversion() returns. Reads the whole file, at most 512 MiB of it.
Result<std::optional<Version>> embedded_version(host::FileSystem& files, const std::string& path);

// The WAL-reset bug (https://sqlite.org/wal.html#walresetbug): of two connections to a database in WAL mode, one commits
// just as the other begins a second checkpoint; pages of the first commits may then never reach the database. 3.7.0 to
// 3.51.2, but for the branches that were mended: 3.44.6 and 3.50.7 and what follows them there.
bool has_wal_reset_bug(const Version& version);

}  // namespace holdfast::sqlite
