// replace: puts an image in a database's place: through SQLite while others have it open, or by a swap of files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/host/host.h"
#include "holdfast/host/openers.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::live {

// How a place can be written now. Decided by looking only; DECISIONS 7 and 8.
enum class Route {
    new_file,     // nothing is there
    transaction,  // a usable database of the same page size: one SQLite transaction into it
    swap,         // unusable as a database, and nobody has it open: temporary file and rename
};
struct RoutePlan {
    Route route = Route::new_file;
    std::string target;               // symlinks resolved: what will be written
    std::string why;                  // for people: "the file is a database that others may have open"
    bool is_wal = false;              // the journal mode of the database there
    bool comes_to_rest = false;       // before a swap SQLite puts its WAL or journal into the file, which is then alone
    std::vector<host::Opener> openers;
    std::uint64_t bytes_needed = 0;   // on the target's file system, at most
    std::uint64_t bytes_free = 0;
};
struct PlaceOptions {
    std::string vfs = {};
    bool offline = false;             // the user's word that no application is running
    std::int64_t wait_ms = 10'000;    // for other connections' locks
};
// Errors are refusals, with the obstacle in the message and the way round as advice: busy (somebody has it open and
// it cannot be written through SQLite), invalid (page size or encoding differs), full, denied.
Result<RoutePlan> plan_replacement(host::Host host, const std::string& path, const sqlite::Image& image, const PlaceOptions& options);

// What write_live() would meet when it begins, without taking a lock: waits for others' locks as long as it would, then
// refuses (`busy`) as it would. For dry runs; locks that cannot be seen from here are not met.
Result<void> expect_unblocked(host::Host host, const RoutePlan& plan, const PlaceOptions& options, const Watch& watch);

// Under which names a swap would keep the files there are now, and a new file what a database left that is gone.
Result<std::vector<std::string>> names_aside(host::Host host, const RoutePlan& plan);

// Mode and owner to give a file. Owner is only changed when this process may.
struct FileAppearance {
    std::uint32_t mode = 0600;
    std::uint32_t owner = 0, group = 0;
    bool set_owner = false;
};

// What is proven of the backup's content, by fingerprints of every page.
enum class Proof {
    content,      // it was read back from the place
    transaction,  // others have committed since; what was committed was read back from the WAL
    none,         // others have committed since, and the place no longer tells what was committed
};
struct WriteReport {
    std::uint64_t bytes_written = 0;
    Proof proof = Proof::content;
    double copy_ms = 0;
    double proof_ms = 0;              // live: reading back and comparing; of a new file it is a part of copy_ms
    double writers_blocked_ms = 0;    // live: how long the write lock was held, the safety backup included
    std::vector<std::string> moved_aside;  // files of the old database that were renamed, not deleted
    std::vector<std::string> notes;   // "could not give the file to user 1000: …"
};

// Writes `image` to a new file: temporary file beside it, each piece read back and compared, synced, then its name, folder
// synced. `exists` when the name is taken, unless `replace_existing` (then the swap rules above must hold already).
struct NewFileRequest {
    std::string path;
    FileAppearance appearance = {};
    bool replace_existing = false;
};
Result<WriteReport> write_new_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                                   const NewFileRequest& request, const Watch& watch);

// The swap: unusable main file and its -wal, -shm, -journal are renamed aside (kept), then as write_new_file.
// Looks for openers again and holds the exclusive lock across the rename.
Result<WriteReport> swap_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                              const NewFileRequest& request, const PlaceOptions& place, const Watch& watch);

// The live route. Takes the write lock, calls `safety` (which must commit a safety backup of the database as it is
// now, or fail), then writes and commits, calls `committed`, and proves it. Any failure before the commit leaves the
// database untouched; afterwards the backup is in it, proven or not.
struct LiveRequest {
    std::string path;
    PlaceOptions place;
    std::function<Result<void>()> safety = {};
    std::function<void()> committed = {};
};
Result<WriteReport> write_live(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch);

// The same in steps, for several databases that change together: all are locked, then all are written, then all are
// committed. Destroyed before commit() has done its part, it leaves the database untouched.
class LiveReplacement {
public:
    // Takes the write lock. The image outlives this; of the request `safety` is not called.
    static Result<std::unique_ptr<LiveReplacement>> begin(host::Host host, const sqlite::Image& image, LiveRequest request, const Watch& watch);
    virtual ~LiveReplacement() = default;
    // Everything but the last page. From here on nobody may freeze the database: it can no longer be read without tearing.
    virtual Result<void> write(const Watch& watch) = 0;
    // The rest, the commit, and the proof. An Error without a call of `committed`: the database is untouched.
    virtual Result<WriteReport> commit(const Watch& watch) = 0;
};

}  // namespace holdfast::live
