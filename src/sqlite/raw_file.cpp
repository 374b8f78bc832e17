#include "holdfast/sqlite/raw_file.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/sqlite/result_code.h"

namespace holdfast::sqlite {
namespace {

constexpr int wal_index_region_bytes = 32 * 1024;
constexpr std::size_t wal_index_head_bytes = 136;
constexpr std::size_t wal_index_copy_bytes = 48;

struct FreeFilename {
    void operator()(const char* name) const noexcept { sqlite3_free_filename(name); }
};
using Filename = std::unique_ptr<const char, FreeFilename>;

// The name as SQLite hands it to a VFS: with room for parameters behind it, which the VFS looks for.
Filename filename_of(const std::string& path, RawFileKind kind) {
    if (kind != RawFileKind::database) {
        return Filename(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr));
    }
    // readonly_shm keeps the VFS from creating, growing or recovering a -shm.
    std::array<const char*, 2> parameters{"readonly_shm", "1"};
    return Filename(sqlite3_create_filename(path.c_str(), (path + "-journal").c_str(), (path + "-wal").c_str(), 1,
                                            parameters.data()));
}

Error unreadable(std::string_view doing, const std::string& path) {
    return fail(ErrorCode::denied, "{} {}: it is there but cannot be read", doing, printable(path))
        .with_advice(format("run holdfast as a user who may read it: ls -l {}", shell_word(path)));
}

// As WAL or MAIN_JOURNAL the unix VFS would give the file to the database's owner when we are root, which moves its
// ctime even if nothing else changes. A super-journal is opened the same way and left alone.
int open_flags_of(const RawFileOptions& options) {
    return (options.writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
           (options.kind == RawFileKind::database ? SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_URI : SQLITE_OPEN_SUPER_JOURNAL);
}

// SQLite forms the names of the sidecars from the path with its links resolved, and opens those without following.
Result<std::string> full_path(sqlite3_vfs& vfs, const std::string& path) {
    std::string full(static_cast<std::size_t>(vfs.mxPathname) + 1, '\0');
    const int rc = vfs.xFullPathname(&vfs, path.c_str(), vfs.mxPathname + 1, full.data());
    if (rc != SQLITE_OK && rc != SQLITE_OK_SYMLINK) {
        return fail(ErrorCode::invalid, "open {}: SQLite cannot resolve this path (it takes at most {} bytes)",
                    printable(path), vfs.mxPathname);
    }
    full.resize(std::strlen(full.c_str()));
    return full;
}

bool exists(sqlite3_vfs& vfs, const std::string& path) {
    int found = 0;
    return vfs.xAccess(&vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK && found != 0;
}

void copy_shared_words(const volatile void* from, MutableByteView into) {
    const auto* words = static_cast<const volatile std::uint32_t*>(from);
    for (std::size_t i = 0; i < into.size() / 4; ++i) {
        const std::uint32_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
        std::memcpy(into.data() + i * 4, &word, 4);
    }
}

}  // namespace

struct RawFile::Open {
    Open(sqlite3_vfs& v, std::string p, const RawFileOptions& options)
        : vfs(v),
          path(std::move(p)),
          kind(options.kind),
          open_flags(open_flags_of(options)),
          name(filename_of(path, kind)),
          memory(static_cast<sqlite3_file*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(v.szOsFile)))) {
        if (memory) std::memset(memory, 0, static_cast<std::size_t>(v.szOsFile));
    }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() {
        if (memory && memory->pMethods) {
            if (is_locked) memory->pMethods->xUnlock(memory, SQLITE_LOCK_NONE);
            memory->pMethods->xClose(memory);
        }
        sqlite3_free(memory);
    }
    const sqlite3_io_methods& methods() const { return *memory->pMethods; }
    bool has_wal_index() const {
        HOLDFAST_ASSERT(kind == RawFileKind::database);
        return methods().iVersion >= 2 && methods().xShmMap;
    }
    Result<void> open();
    int map_wal_index(volatile void*& region) const {
        return methods().xShmMap(memory, 0, wal_index_region_bytes, 0, &region);
    }
    void unmap_wal_index() const { methods().xShmUnmap(memory, 0); }

    sqlite3_vfs& vfs;
    std::string path;
    RawFileKind kind;
    int open_flags;
    Filename name;
    sqlite3_file* memory;
    bool is_locked = false;
};

Result<void> RawFile::Open::open() {
    if (!name || !memory) return fail(ErrorCode::unavailable, "open {}: out of memory", printable(path));
    int flags = open_flags;
    const int rc = vfs.xOpen(&vfs, name.get(), memory, open_flags, &flags);
    const bool only_to_read = rc == SQLITE_OK && (open_flags & SQLITE_OPEN_READWRITE) && (flags & SQLITE_OPEN_READONLY);
    if (only_to_read) return fail(ErrorCode::denied, "open {}: it may not be written", printable(path));
    if (rc == SQLITE_OK) return {};
    if ((rc & 0xff) != SQLITE_CANTOPEN) return result_failure(rc, format("open {}", printable(path)));
    if (exists(vfs, path)) return unreadable("open", path);
    return fail(ErrorCode::not_found, "open {}: no such file", printable(path));
}

RawFile::RawFile(std::unique_ptr<Open> open) : open_(std::move(open)) {}
RawFile::RawFile(RawFile&&) noexcept = default;
RawFile& RawFile::operator=(RawFile&&) noexcept = default;
RawFile::~RawFile() = default;

Result<RawFile> RawFile::open(const std::string& path, RawFileOptions options) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        return fail(ErrorCode::invalid, "open {}: that is no path of a file", printable(path));
    }
    sqlite3_vfs* vfs = sqlite3_vfs_find(options.vfs.empty() ? nullptr : options.vfs.c_str());
    if (!vfs) return fail(ErrorCode::invalid, "open {}: SQLite has no VFS {}", printable(path), options.vfs);
    const std::string full = options.kind == RawFileKind::database ? TRY(full_path(*vfs, path)) : path;
    auto file = std::make_unique<Open>(*vfs, full, options);
    TRY(file->open());
    return RawFile(std::move(file));
}

Result<std::uint64_t> RawFile::size() const {
    sqlite3_int64 size = 0;
    const int rc = open_->methods().xFileSize(open_->memory, &size);
    if (rc != SQLITE_OK) return result_failure(rc, format("find the size of {}", printable(open_->path)));
    return static_cast<std::uint64_t>(size);
}

Result<void> RawFile::read(std::uint64_t offset, MutableByteView into) const {
    constexpr std::size_t step_max = 1u << 30;  // xRead counts in int
    while (!into.empty()) {
        const auto step = into.first(std::min(into.size(), step_max));
        const int rc = open_->methods().xRead(open_->memory, step.data(), static_cast<int>(step.size()),
                                              static_cast<sqlite3_int64>(offset));
        if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) {
            return result_failure(rc, format("read {} bytes at {} of {}", step.size(), offset, printable(open_->path)));
        }
        offset += step.size();
        into = into.subspan(step.size());
    }
    return {};
}

Result<void> RawFile::lock_shared() {
    if (open_->is_locked) return {};
    const int rc = open_->methods().xLock(open_->memory, SQLITE_LOCK_SHARED);
    if ((rc & 0xff) == SQLITE_BUSY) {
        return fail(ErrorCode::busy, "lock {}: another connection is writing to it", printable(open_->path));
    }
    if (rc != SQLITE_OK) return result_failure(rc, format("lock {}", printable(open_->path)));
    open_->is_locked = true;
    return {};
}

// A VFS goes up one level at a time.
Result<void> RawFile::lock_exclusive() {
    TRY(lock_shared());
    for (const int level : {SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
        const int rc = open_->methods().xLock(open_->memory, level);
        if (rc == SQLITE_OK) continue;
        unlock();
        if ((rc & 0xff) != SQLITE_BUSY) return result_failure(rc, format("lock {}", printable(open_->path)));
        return fail(ErrorCode::busy, "lock {}: another connection has it open", printable(open_->path));
    }
    return {};
}

void RawFile::unlock() {
    if (open_->is_locked) open_->methods().xUnlock(open_->memory, SQLITE_LOCK_NONE);
    open_->is_locked = false;
}

Result<bool> RawFile::is_reserved() const {
    int reserved = 0;
    const int rc = open_->methods().xCheckReservedLock(open_->memory, &reserved);
    if (rc != SQLITE_OK) return result_failure(rc, format("look for a writer of {}", printable(open_->path)));
    return reserved != 0;
}

Result<RawFile::WalIndexState> RawFile::wal_index_state() const {
    if (!open_->has_wal_index()) return WalIndexState::absent;
    volatile void* region = nullptr;
    const int rc = open_->map_wal_index(region);
    open_->unmap_wal_index();
    if (rc == SQLITE_OK || rc == SQLITE_READONLY) return WalIndexState::connected;
    if (rc == SQLITE_READONLY_CANTINIT) return WalIndexState::unconnected;
    if ((rc & 0xff) == SQLITE_BUSY) {
        return fail(ErrorCode::busy, "look at {}-shm: a connection is just building it", printable(open_->path));
    }
    if ((rc & 0xff) != SQLITE_CANTOPEN) return result_failure(rc, format("look at {}-shm", printable(open_->path)));
    if (!exists(open_->vfs, open_->path + "-shm")) return WalIndexState::absent;
    return unreadable("look at", open_->path + "-shm");
}

Result<Bytes> RawFile::wal_index_head() const {
    volatile void* region = nullptr;
    const int rc = open_->has_wal_index() ? open_->map_wal_index(region) : SQLITE_READONLY_CANTINIT;
    if ((rc == SQLITE_OK || rc == SQLITE_READONLY) && region) {
        Bytes head(wal_index_head_bytes);
        const auto* bytes = static_cast<const volatile std::byte*>(region);
        // A writer changes the second copy of the header first, then the first one: read them the other way round.
        copy_shared_words(bytes, MutableByteView(head).first(wal_index_copy_bytes));
        open_->methods().xShmBarrier(open_->memory);
        copy_shared_words(bytes + wal_index_copy_bytes, MutableByteView(head).subspan(wal_index_copy_bytes));
        open_->unmap_wal_index();
        return head;
    }
    if (open_->has_wal_index()) open_->unmap_wal_index();
    if (rc == SQLITE_OK || rc == SQLITE_READONLY || (rc & 0xff) == SQLITE_BUSY) {
        return fail(ErrorCode::busy, "read {}-shm: a connection is just building it", printable(open_->path));
    }
    if (rc == SQLITE_READONLY_CANTINIT || (rc & 0xff) == SQLITE_CANTOPEN) {
        return fail(ErrorCode::not_found, "read {}-shm: no connection uses it", printable(open_->path));
    }
    return result_failure(rc, format("read {}-shm", printable(open_->path)));
}

}  // namespace holdfast::sqlite
