// What a run of bytes is, by its content and never by its name.
#pragma once

#include <string_view>

#include "holdfast/base/bytes.h"

namespace holdfast::bundle {

enum class ContentKind {
    empty,
    database,       // SQLite's header
    wal,            // a write-ahead log
    journal,        // a rollback journal that has not been ended
    gzip,
    zstd,
    tar,
    openpgp,        // an encrypted message: gpg
    openpgp_armor,
    age,
    age_armor,
    json,           // text that begins as an object
    sql,            // text of statements that make a database
    other,
};
// `head` is the beginning, of 4096 bytes where there are so many.
ContentKind kind_of(ByteView head);
std::string_view name_of(ContentKind kind);  // "gzip", "OpenPGP"; for people

// The age file can be opened with a passphrase only, for which age insists on a terminal.
bool is_age_with_passphrase(ByteView head);

}  // namespace holdfast::bundle
