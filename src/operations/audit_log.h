// The audit log: a file of JSON lines, only ever appended to, in which each entry holds the hash of the line before.
//
// One line is one JSON object; what is hashed are its exact bytes without the newline, so that no reader and writer have to
// agree on a way to write JSON. The first entry's `previous` is empty, `log` is 128 random bits of the file's first entry,
// `sequence` counts from 1 without gaps. Bytes behind the last whole entry (a line torn by a power cut) stay where they
// are; the next entry is then one of event `repaired`, which holds their number and SHA-256.
//
// The head of a log (which, how far, hash of its last line, and the place it is in) is short text that others keep: a
// snapshot or a note holds the head as it was before the entry of its own operation was written. So a cut tail shows, but
// for what was appended after the last backup or note. For that there is the head beside the log (its name and ".head"),
// written after each entry: it shows whoever changes the log alone, and not whoever changes both. An entry that is
// appended where the log does not end as that head says has one of event `head_differs` before it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/json.h"
#include "holdfast/base/time.h"
#include "holdfast/host/host.h"

namespace holdfast::operations {

// What is told of one operation. Never a secret, never what a database holds.
struct AuditEntry {
    std::string log;                        // set by the log, as are sequence and previous
    std::uint64_t sequence = 0;
    Timestamp time;
    std::string event;                      // "backup", "restore", "unlock", "repaired", ...
    std::string repository, source;         // the repository's id; empty: none was found
    std::vector<std::uint64_t> numbers;     // of the backups concerned
    std::string outcome = "done";           // done, partial, failed
    std::string code, message;              // of the error, when failed
    double duration_ms = 0;
    std::string program;
    std::string user, host;                 // empty unless the settings ask for them
    Json details = Json::object();
    std::string previous;                   // hex
};

struct AuditHead {
    std::string log;           // 32 hex digits
    std::uint64_t sequence = 0;
    Hash last_line;
    std::string place;         // 16 hex digits: of machine and path, without telling them
    bool operator==(const AuditHead&) const = default;

    std::string text() const;  // "<log>:<sequence>:<hash>:<place>"
    static Result<AuditHead> parse(std::string_view text);
};

// Where the log of a repository lies, unless the settings name a file; `repository` is its id, empty for operations that
// found none.
std::string audit_log_path(const std::string& repository);
// The place in the heads of the log at this path.
Result<std::string> audit_log_place(host::FileSystem& files, const std::string& path);

// As the head beside the log says; none: there is none that can be read. It is not written durably, so after a power cut it
// may be of an earlier entry, or none, but never of one that is not there.
std::optional<AuditHead> head_beside_audit_log(host::FileSystem& files, const std::string& path);

// Appends the entry, durably, and says the new head. Costs what the entry costs, whatever the log's length. Made 0600 with
// its folders when missing. Under a lock file beside it: `busy` when others hold it for more than two seconds. After a
// failure the log is as it was. `corrupt`: the file is no audit log.
Result<AuditHead> append_to_audit_log(host::Host host, const std::string& path, AuditEntry entry);
// As the log is now, by what has reached the disk; none: there is no entry.
Result<std::optional<AuditHead>> head_of_audit_log(host::Host host, const std::string& path);

// One line of the file: an entry, or bytes that are none.
struct AuditLine {
    std::uint64_t number = 0;  // from 1
    std::string text;          // without its newline
    bool is_ended = true;      // by a newline
    std::optional<AuditEntry> entry;
};
// Every line in order, with one of them in memory. not_found: there is no log.
Result<void> read_audit_log(host::FileSystem& files, const std::string& path, const std::function<Result<void>(const AuditLine&)>& take);

Json json_of(const AuditEntry& entry);
std::optional<AuditEntry> parse_audit_entry(std::string_view line);  // none: it is no entry

}  // namespace holdfast::operations
