// RawFile: a database file read and locked through SQLite's own VFS, never by open(2), so that closing it keeps the
// POSIX locks of every other connection of this process (facts: closing any descriptor of an inode drops them all).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "holdfast/base/bytes.h"

namespace holdfast::sqlite {

enum class RawFileKind { database, wal, journal };

struct RawFileOptions {
    std::string vfs = {};  // empty: SQLite's default
    RawFileKind kind = RawFileKind::database;
    bool writable = false;  // only for lock_exclusive(): nothing here writes
};

// Reads and locks, never writes. read() is thread-safe; the others belong to one thread.
class RawFile {
public:
    // A database's path may be a link: SQLite resolves it, and names the sidecars after the target; a WAL or journal
    // is opened by exactly this name. `path` must be a regular file (opening a FIFO waits for its other end).
    // not_found, denied, invalid (no such VFS, a path SQLite cannot hold), unavailable. Creates nothing.
    static Result<RawFile> open(const std::string& path, RawFileOptions options = {});
    RawFile(RawFile&&) noexcept;
    RawFile& operator=(RawFile&&) noexcept;
    ~RawFile();  // unlocks and closes through the VFS

    Result<std::uint64_t> size() const;
    // Exactly into.size() bytes: past the end of the file the rest is zeros, as SQLite reads.
    Result<void> read(std::uint64_t offset, MutableByteView into) const;

    // SQLite's SHARED lock on the database: no commit can change a rollback-mode file while it is held, no last
    // connection can delete the WAL. `busy` when a writer is at it, or when it is in exclusive locking mode.
    Result<void> lock_shared();
    // SQLite's EXCLUSIVE lock, for a file opened `writable` (which fails `denied` where it may not be written). `busy`
    // when another connection reads, writes, or has it open in WAL mode, even idle.
    Result<void> lock_exclusive();
    void unlock();
    // A connection holds RESERVED or more, so a journal beside the file belongs to a living writer and is not hot.
    Result<bool> is_reserved() const;

    // --- the wal-index (-shm) of a database, as somebody connected has it ---
    // Opened read-only, never created, grown or recovered, and let go before these return. (As root the -shm gets the
    // database's owner, as from any SQLite connection: its ctime moves.) While they run, no connection of this process
    // may be opened on the same database: it would share the read-only view and could not write.
    enum class WalIndexState {
        absent,       // no -shm file
        unconnected,  // a -shm file is there, but no connection of any process uses it: left over by a crash
        connected,    // somebody is connected
    };
    Result<WalIndexState> wal_index_state() const;
    // The first 136 bytes of region 0, copied with the memory ordering SQLite uses. not_found: nobody is connected;
    // busy: it is just being built.
    Result<Bytes> wal_index_head() const;

private:
    struct Open;
    explicit RawFile(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite
