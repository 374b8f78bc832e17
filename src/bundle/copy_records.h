// CopyRecords: the catalogue of a folder of plain copies: which files in it are ours, and of which backups.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/time.h"

namespace holdfast::bundle {

// By what a file is known to be untouched without reading it.
struct CopyIdentity {
    std::uint64_t device = 0, inode = 0;
    Timestamp modified;
    bool operator==(const CopyIdentity&) const = default;
};
// One file that holdfast has written, or is about to: a crash may have come before it got its name.
struct CopyRecord {
    std::string file;              // its name in the folder
    std::uint64_t size = 0;
    Hash sha256{};                 // of the file
    Hash database_sha256{};        // of the database in it, or of the tar, before it was compressed
    std::optional<CopyIdentity> identity;
    std::string compress = "none";
    std::string what = "database";  // or "companion": a tar of it; or "set": a bundle
    bool is_latest = false;        // the second file of the newest copy, with a name of its own

    std::string database;          // path of the original; of a set, the name of its source
    std::string machine;           // the id's hash
    std::string source;
    std::string repository;        // id
    std::string backup_id;
    std::uint64_t number = 0;
    std::uint64_t metadata_id = 0;  // in the metadata for applications; 0: it has not been in one
    Timestamp time;
    std::int32_t utc_offset_s = 0;
    bool is_automatic = false;
    std::string operation, comment;
};

// The file's name. Hidden: `ls -t | head -1` is what people find the newest copy with.
constexpr std::string_view copy_records_name = ".holdfast-copies.json";

struct CopyRecords {
    std::vector<CopyRecord> records;

    std::string to_text() const;
    // `corrupt`: it is none, or misses something; `too_new`: a later version of holdfast wrote it.
    static Result<CopyRecords> parse(std::string_view text);
};

// "<hash>  <name>\n", as sha256sum reads it.
std::string checksum_line(const CopyRecord& record);

}  // namespace holdfast::bundle
