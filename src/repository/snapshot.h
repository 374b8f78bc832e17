// Snapshot: the record of one backup, and the set tree inside it (docs/formats/repository.md, 8).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/time.h"
#include "holdfast/repository/tree.h"

namespace holdfast::repository {

enum class EntryType : std::uint8_t { database = 1, file = 2, raw = 3, directory = 4, link = 5 };
// manual: a person asked for it; automatic: made before an operation, or by a schedule; safety: what a restore replaced.
enum class SnapshotKind : std::uint8_t { manual = 0, safety = 1, voided = 2, automatic = 3 };
constexpr bool is_ordinary(SnapshotKind kind) { return kind == SnapshotKind::manual || kind == SnapshotKind::automatic; }

// What is known about a database at its freeze. The repository stores it and does not look inside.
struct DatabaseRecord {
    std::uint32_t page_size = 0;
    std::uint32_t page_count = 0;
    std::uint32_t encoding = 0;
    std::uint64_t device = 0, inode = 0;
    std::uint32_t journal_mode = 0;  // 1 rollback, 2 WAL
    std::array<std::byte, 8> wal_salts{};
    std::uint32_t wal_sequence = 0, wal_frame = 0, wal_checksum_0 = 0, wal_checksum_1 = 0;
    Timestamp frozen;
    std::uint32_t user_version = 0, application_id = 0;
    std::string schema_hash;
    std::optional<Hash> plain_sha256;
    std::vector<std::string> findings;  // SQLite's own, at backup time: the source was damaged already
    std::string schema_version;         // what the source's own query answered; empty: none was asked, or it failed
    std::string read_as;                // how it was read: "wal", "rollback", "hot-journal", "wal-leftover", "backup-api"
};

// Of a companion: what of it was taken, as its settings said. The repository stores it and does not look inside.
struct CompanionRules {
    std::vector<std::string> include, exclude;  // patterns as in .gitignore
    std::string within;  // the patterns are of a companion in which this one lies here; empty: of this one itself
    std::uint64_t redaction = 0;  // secrets were removed from its files before they were stored, by this version of what finds them; 0: they were not
    bool is_redacted() const { return redaction != 0; }
    std::string named;  // as it was named, where links led from that to the path it is kept by; empty: by that path
    bool operator==(const CompanionRules&) const = default;
};

struct DirectoryEntry {
    std::string name;  // bytes; for a member of a source its canonical path
    EntryType type = EntryType::database;
    Content content;
    std::optional<DatabaseRecord> database;
    std::uint32_t mode = 0600;
    std::uint32_t owner = 0, group = 0;
    Timestamp modified;
    std::string link_target;
    std::optional<Bytes> root_node;  // of members and companions: kept beside the directory in the snapshot; below them: in packs
    std::optional<ChunkId> dictionary;  // of the lineage: what the next backup of this member compresses with
    CompanionRules rules;               // of a companion
    std::vector<std::string> removed;   // of a redacted companion: what was removed, a line each, for people; never a value
};
// Content and what else comes back with it; of databases not what was found of them.
bool is_same(const DirectoryEntry& one, const DirectoryEntry& other);

// Of a companion that was not there: what would have been taken of it.
struct MissingCompanion {
    std::string path;  // canonical
    CompanionRules rules;
    bool operator==(const MissingCompanion&) const = default;
};

struct SourceRecord {
    std::array<std::byte, 16> id{};
    std::string name;
    std::string machine;             // hash of the machine id
    std::vector<std::string> paths;  // canonical, sorted
};

struct SnapshotStatistics {
    std::uint64_t logical_bytes = 0, bytes_read = 0, pages_changed = 0, bytes_stored = 0, writers_blocked_us = 0;
};

struct FailedMember {
    std::string path;
    std::string error;
};

// What is in a backup is not all of one moment.
struct Skew {
    std::int64_t span_ns = 0;        // between the first and the last freeze of its databases; 0: they are of one moment
    std::string why;
    std::vector<std::string> paths;  // of the members and companions that may be of another moment than the others
};

struct Snapshot {
    SnapshotNumber number;
    SnapshotId id;  // computed, not stored in the record
    Timestamp time;  // freeze
    Timestamp began;
    std::int32_t utc_offset_s = 0;
    SnapshotKind kind = SnapshotKind::manual;
    bool partial = false;
    bool damaged = false;
    std::optional<std::pair<SnapshotNumber, SnapshotId>> previous;
    // Lower numbers that others had claimed and not committed when this one began. Somebody may remove such a claim by
    // hand; then this explains the hole it leaves.
    std::vector<SnapshotNumber> unfinished;
    SourceRecord source;
    std::string comment;
    std::string operation;   // what it was made before, or by: "migrate", "restore", "schedule"; empty: none
    std::string audit_head;  // of the maker's audit log before this backup (operations/audit_log.h); empty: it kept none
    std::vector<std::pair<std::string, std::string>> tags;
    std::vector<DirectoryEntry> members;     // databases, and raw bytes of what should be one
    // Files, folders and links that belong with them, by their canonical paths. What lies in a folder is in its content:
    // entries.h.
    std::vector<DirectoryEntry> companions;
    std::vector<MissingCompanion> missing;  // whether they had to be there or not, by their paths
    std::vector<std::string> rebuilt;  // paths of companions that are not kept, as a restore has them built again
    std::vector<FailedMember> failed;
    std::optional<Skew> skew;
    SnapshotStatistics statistics;
    std::string program;
    // It lacks nothing, and all that it holds is of one moment.
    bool is_whole() const { return !partial && !skew; }
};
// The record of type 5. Members and companions are written in the order of their names; each that has levels has its root node.
// invalid: a limit is passed, two have one name, a root node is missing.
Result<Bytes> encode_snapshot(const Snapshot& snapshot);
// Sets id. The caller compares the number with the object's name. Fields that are not critical and not known are left out.
Result<Snapshot> decode_snapshot(ByteView record, const Keys& keys);
store::ObjectName snapshot_name(SnapshotNumber number);

}  // namespace holdfast::repository
