// freeze(): a consistent image of a database that others are using, without changing a byte beside or inside it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "holdfast/base/progress.h"
#include "holdfast/host/host.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::live {

struct FreezeOptions {
    std::string vfs = {};                 // empty: SQLite's default
    std::int64_t busy_timeout_ms = 10'000;  // for a lock that another connection holds
    int attempts_max = 8;                 // when the database was checkpointed and restarted under us
    std::function<void()> when_held = {}; // called each time that what is to be read is held still, before it is read; the last time counts
};

// How the database was read; the words are kept in snapshots.
enum class ReadAs { empty, rollback, hot_journal, wal, wal_quiet, wal_leftover, backup_api };
std::string_view name_of(ReadAs way);
bool has_wal(ReadAs way);  // its commits go into a write-ahead log

// What was seen at the freeze.
struct FreezeFacts {
    ReadAs way = ReadAs::rollback;
    host::FileStatus file;                // of the main file
    std::optional<sqlite::DatabaseHeader> header;  // of the image; none for 0 bytes
    Timestamp frozen;
    std::optional<sqlite::WalHeader> wal;
    sqlite::FrameNumber wal_frame;        // committed frames that are part of the image
    sqlite::WalChecksum wal_checksum;
    bool wal_is_of_another_file = false;  // a leftover one: the file was put there after it was begun
};

struct FreezeReport {
    double writers_blocked_ms = 0;        // rollback mode: how long SHARED was held; WAL: 0
    int attempts = 1;
    bool others_left = false;             // all others closed it meanwhile: -wal and -shm stay until the next one opens it
};

// The image is valid until finish() or the end of its life; the database is held (a read transaction, or SHARED).
class Frozen {
public:
    virtual ~Frozen() = default;
    virtual const sqlite::Image& image() const = 0;
    virtual const FreezeFacts& facts() const = 0;
    // Lets the database go. Success proves that every byte read since the freeze belonged to this one moment.
    // `busy`: it did not (the WAL restarted under a reader that did not pin it): what was read must be dropped, and
    // freeze() called again.
    virtual Result<FreezeReport> finish() = 0;
};

// `path` is canonical. `first_look` (when given) is called before the database is held, with an image that may be torn,
// so that a caller can do the expensive part without blocking writers (rollback mode) or keeping their WAL from starting
// again (WAL mode, while somebody commits); the image of the result differs from it only by what changed meanwhile. The rules are DECISIONS 1–5 and docs/decisions.
// Errors: not_found; corrupt (not a database; says what it looks like); busy (locked by a writer or in exclusive
// mode for longer than the timeout; says by whom where it can be seen); denied; unavailable.
Result<std::unique_ptr<Frozen>> freeze(host::Host host, const std::string& path, const FreezeOptions& options,
                                       const std::function<Result<void>(const sqlite::Image&)>& first_look = {});

// Calls freeze and `use` again, at most attempts_max times, until finish() proves it. What most callers want.
struct FreezeUse {
    std::function<Result<void>(const sqlite::Image&)> first_look = {};  // optional
    std::function<Result<void>(const sqlite::Image&, const FreezeFacts&)> use;
};
struct FrozenOnce {
    FreezeFacts facts;
    FreezeReport report;
};
Result<FrozenOnce> with_frozen(host::Host host, const std::string& path, const FreezeOptions& options, const FreezeUse& use);

// What can be known of a database without reading it: file identity, sizes, times, header counter, WAL header and
// last frame, as one line of text. Equal texts, and a ctime at least 1 s older than the freeze that made the first
// one, mean that nothing changed. Opens nothing but through SQLite's VFS; leaves nothing behind.
struct Appearance {
    std::string text;
    Timestamp last_change;  // the newest ctime of the files looked at
};
Result<Appearance> appearance_of(host::Host host, const std::string& path, const FreezeOptions& options);

}  // namespace holdfast::live
