#include "support/simulated_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <vector>

namespace holdfast::tests {
namespace {

constexpr int sector_bytes = 4096;
constexpr int path_bytes_max = 512;

struct Handle;

// One file that SQLite has open: who holds which lock on it, and its wal-index.
struct Shared {
    std::set<Handle*> handles;
    std::set<Handle*> index_users;  // those that could write the wal-index
    std::vector<std::unique_ptr<std::uint64_t[]>> regions;
};

struct Machine {
    host::Host host;
    std::mutex mutex;
    std::map<std::uint64_t, std::weak_ptr<Shared>> open_files;  // by inode
};

struct Handle : sqlite3_file {
    Machine* machine = nullptr;
    std::string path;
    std::unique_ptr<host::File> file;  // none: a file without a name, in `scratch`
    Bytes scratch;
    std::shared_ptr<Shared> shared;
    int level = SQLITE_LOCK_NONE;
    bool sync_folder = false, remove_at_close = false, only_reads_index = false;
    unsigned index_shared = 0, index_exclusive = 0;  // bits of the wal-index's locks
};

Handle& handle_of(sqlite3_file* file) { return *static_cast<Handle*>(file); }
Machine& machine_of(sqlite3_vfs* vfs) { return *static_cast<Machine*>(vfs->pAppData); }

int code_of(const Error& error, int otherwise) { return error.code() == ErrorCode::full ? SQLITE_FULL : otherwise; }
template <typename T>
int answer(const Result<T>& result, int otherwise) {
    return result.ok() ? SQLITE_OK : code_of(result.error(), otherwise);
}

// --- bytes ---

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) noexcept {
    Handle& handle = handle_of(file);
    const auto at = static_cast<std::uint64_t>(offset);
    const MutableByteView wanted(static_cast<std::byte*>(into), static_cast<std::size_t>(size));
    std::size_t there = 0;
    if (handle.file) {
        const auto done = handle.file->read_at(at, wanted);
        if (!done) return SQLITE_IOERR_READ;
        there = *done;
    } else if (at < handle.scratch.size()) {
        there = std::min<std::size_t>(wanted.size(), handle.scratch.size() - at);
        std::memcpy(into, handle.scratch.data() + at, there);
    }
    std::ranges::fill(wanted.subspan(there), std::byte{0});
    return there == wanted.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) noexcept {
    Handle& handle = handle_of(file);
    const auto at = static_cast<std::uint64_t>(offset);
    const ByteView from(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size));
    if (handle.file) return answer(handle.file->write_at(at, from), SQLITE_IOERR_WRITE);
    handle.scratch.resize(std::max<std::size_t>(handle.scratch.size(), at + from.size()));
    std::ranges::copy(from, handle.scratch.begin() + offset);
    return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) noexcept {
    Handle& handle = handle_of(file);
    if (handle.file) return answer(handle.file->resize(static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
    handle.scratch.resize(static_cast<std::size_t>(size));
    return SQLITE_OK;
}

int sync(sqlite3_file* file, int) noexcept {
    Handle& handle = handle_of(file);
    if (!handle.file) return SQLITE_OK;
    if (!handle.file->sync()) return SQLITE_IOERR_FSYNC;
    if (handle.sync_folder) {
        handle.sync_folder = false;
        static_cast<void>(handle.machine->host.files.sync_folder(host::folder_of(handle.path)));
    }
    return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) noexcept {
    Handle& handle = handle_of(file);
    const auto bytes = handle.file ? handle.file->size() : Result<std::uint64_t>(handle.scratch.size());
    if (!bytes) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(*bytes);
    return SQLITE_OK;
}

// --- locks of the file ---

bool another_has(const Handle& handle, int level) {
    return std::ranges::any_of(handle.shared->handles,
                               [&](const Handle* other) { return other != &handle && other->level >= level; });
}

int lock(sqlite3_file* file, int level) noexcept {
    Handle& handle = handle_of(file);
    if (!handle.file || handle.level >= level) return SQLITE_OK;
    const std::lock_guard guard(handle.machine->mutex);
    const int stops = level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING : SQLITE_LOCK_RESERVED;
    if (another_has(handle, stops)) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && another_has(handle, SQLITE_LOCK_SHARED)) {
        handle.level = SQLITE_LOCK_PENDING;  // keeps new readers out
        return SQLITE_BUSY;
    }
    handle.level = level;
    return SQLITE_OK;
}

int unlock(sqlite3_file* file, int level) noexcept {
    Handle& handle = handle_of(file);
    const std::lock_guard guard(handle.machine->mutex);
    handle.level = std::min(handle.level, level);
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* reserved) noexcept {
    Handle& handle = handle_of(file);
    const std::lock_guard guard(handle.machine->mutex);
    *reserved = handle.file && (handle.level >= SQLITE_LOCK_RESERVED || another_has(handle, SQLITE_LOCK_RESERVED));
    return SQLITE_OK;
}

// --- the wal-index ---

int map_index(sqlite3_file* file, int region, int bytes, int extend, void volatile** mapped) noexcept {
    Handle& handle = handle_of(file);
    const std::lock_guard guard(handle.machine->mutex);
    Shared& shared = *handle.shared;
    *mapped = nullptr;
    if (handle.only_reads_index && shared.index_users.empty()) return SQLITE_CANTOPEN;
    if (!handle.only_reads_index) shared.index_users.insert(&handle);
    const auto wanted = static_cast<std::size_t>(region);
    while (shared.regions.size() <= wanted && extend && !handle.only_reads_index) {
        shared.regions.push_back(std::make_unique<std::uint64_t[]>(static_cast<std::size_t>(bytes) / 8));
    }
    if (wanted < shared.regions.size()) *mapped = shared.regions[wanted].get();
    return handle.only_reads_index ? SQLITE_READONLY : SQLITE_OK;
}

int lock_index(sqlite3_file* file, int first, int count, int flags) noexcept {
    Handle& handle = handle_of(file);
    const std::lock_guard guard(handle.machine->mutex);
    const unsigned mask = ((1u << count) - 1u) << first;
    if (flags & SQLITE_SHM_UNLOCK) {
        handle.index_shared &= ~mask;
        handle.index_exclusive &= ~mask;
        return SQLITE_OK;
    }
    const bool shares = flags & SQLITE_SHM_SHARED;
    for (const Handle* other : handle.shared->handles) {
        const unsigned held = other->index_exclusive | (shares ? 0u : other->index_shared);
        if (other != &handle && (held & mask)) return SQLITE_BUSY;
    }
    (shares ? handle.index_shared : handle.index_exclusive) |= mask;
    return SQLITE_OK;
}

void barrier_of_index(sqlite3_file*) noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

void let_index_go(Handle& handle) {
    handle.index_shared = handle.index_exclusive = 0;
    handle.shared->index_users.erase(&handle);
    if (handle.shared->index_users.empty()) handle.shared->regions.clear();
}

int unmap_index(sqlite3_file* file, int) noexcept {
    Handle& handle = handle_of(file);
    const std::lock_guard guard(handle.machine->mutex);
    let_index_go(handle);
    return SQLITE_OK;
}

// --- opening and closing ---

int close(sqlite3_file* file) noexcept {
    Handle& handle = handle_of(file);
    if (handle.shared) {
        const std::lock_guard guard(handle.machine->mutex);
        let_index_go(handle);
        handle.shared->handles.erase(&handle);
    }
    handle.file.reset();
    if (handle.remove_at_close) static_cast<void>(handle.machine->host.files.remove(handle.path));
    handle.~Handle();
    return SQLITE_OK;
}

int no_control(sqlite3_file*, int, void*) noexcept { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) noexcept { return sector_bytes; }
int device_characteristics(sqlite3_file*) noexcept { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 2;
    made.xClose = close;
    made.xRead = read;
    made.xWrite = write;
    made.xTruncate = truncate;
    made.xSync = sync;
    made.xFileSize = file_size;
    made.xLock = lock;
    made.xUnlock = unlock;
    made.xCheckReservedLock = check_reserved;
    made.xFileControl = no_control;
    made.xSectorSize = sector_size;
    made.xDeviceCharacteristics = device_characteristics;
    made.xShmMap = map_index;
    made.xShmLock = lock_index;
    made.xShmBarrier = barrier_of_index;
    made.xShmUnmap = unmap_index;
    return made;
}();

struct Opened {
    std::unique_ptr<host::File> file;
    bool only_to_read = false;
};
Result<Opened> open_named(host::FileSystem& files, const std::string& path, int flags) {
    constexpr std::uint32_t mode = 0644;
    if (flags & SQLITE_OPEN_CREATE) {
        auto made = files.create(path, mode);
        if (made) return Opened{std::move(made).value(), false};
        const bool is_there = made.error().code() == ErrorCode::exists;
        if (!is_there || (flags & SQLITE_OPEN_EXCLUSIVE)) return std::move(made).error();
    }
    if (flags & SQLITE_OPEN_READWRITE) {
        auto writable = files.open_to_write(path);
        if (writable) return Opened{std::move(writable).value(), false};
        if (writable.error().code() != ErrorCode::denied) return std::move(writable).error();
    }
    return Opened{TRY(files.open_to_read(path)), true};
}

Result<std::shared_ptr<Shared>> share(Machine& machine, const std::string& path) {
    const auto status = TRY(machine.host.files.status(path));
    auto& known = machine.open_files[status.inode];
    auto shared = known.lock();
    if (!shared) known = shared = std::make_shared<Shared>();
    return shared;
}

int open_into(Handle& handle, Machine& machine, const char* name, int flags) {
    handle.machine = &machine;
    handle.path = name;
    auto opened = open_named(machine.host.files, handle.path, flags);
    if (!opened) return code_of(opened.error(), SQLITE_CANTOPEN);
    const std::lock_guard guard(machine.mutex);
    auto shared = share(machine, handle.path);
    if (!shared) return SQLITE_CANTOPEN;
    handle.shared = std::move(shared).value();
    handle.shared->handles.insert(&handle);
    handle.file = std::move(opened->file);
    constexpr int with_folder = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    handle.sync_folder = (flags & SQLITE_OPEN_CREATE) && (flags & with_folder);
    handle.remove_at_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    if (flags & SQLITE_OPEN_URI) handle.only_reads_index = sqlite3_uri_boolean(name, "readonly_shm", 0);
    return opened->only_to_read ? SQLITE_READONLY : SQLITE_OK;
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) noexcept {
    file->pMethods = nullptr;
    auto* handle = ::new (static_cast<void*>(file)) Handle;
    handle->machine = &machine_of(vfs);
    const int rc = name ? open_into(*handle, machine_of(vfs), name, flags) : SQLITE_OK;
    if (rc != SQLITE_OK && rc != SQLITE_READONLY) {
        handle->~Handle();
        return rc;
    }
    handle->pMethods = &methods;
    constexpr int writing = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (out_flags) *out_flags = rc == SQLITE_READONLY ? (flags & ~writing) | SQLITE_OPEN_READONLY : flags;
    return SQLITE_OK;
}

// --- names, time and chance ---

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) noexcept {
    host::FileSystem& files = machine_of(vfs).host.files;
    const auto removed = files.remove(name);
    if (!removed && removed.error().code() == ErrorCode::not_found) return SQLITE_IOERR_DELETE_NOENT;
    if (!removed) return SQLITE_IOERR_DELETE;
    return sync_folder ? answer(files.sync_folder(host::folder_of(name)), SQLITE_IOERR_DIR_FSYNC) : SQLITE_OK;
}

// As the unix VFS: a file of 0 bytes does not exist, to those who ask whether it does.
int access(sqlite3_vfs* vfs, const char* name, int question, int* answered) noexcept {
    const auto status = host::status_if_any(machine_of(vfs).host.files, name);
    if (!status) return SQLITE_IOERR_ACCESS;
    const bool is_there = status->has_value();
    *answered = is_there && (question != SQLITE_ACCESS_EXISTS || (*status)->size > 0);
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* into) noexcept {
    sqlite3_snprintf(size, into, "%s%s", name[0] == '/' ? "" : "/", name);
    return SQLITE_OK;
}
int randomness(sqlite3_vfs* vfs, int size, char* into) noexcept {
    machine_of(vfs).host.random.fill({reinterpret_cast<std::byte*>(into), static_cast<std::size_t>(size)});
    return size;
}
int sleep(sqlite3_vfs* vfs, int microseconds) noexcept {
    machine_of(vfs).host.clock.sleep_ms((microseconds + 999) / 1000);
    return microseconds;
}
int current_time(sqlite3_vfs* vfs, sqlite3_int64* milliseconds) noexcept {
    constexpr sqlite3_int64 unix_epoch_ms = 210'866'760'000'000;  // since the start of the Julian days
    *milliseconds = unix_epoch_ms + machine_of(vfs).host.clock.now().nanoseconds / 1'000'000;
    return SQLITE_OK;
}
int current_day(sqlite3_vfs* vfs, double* day) noexcept {
    sqlite3_int64 milliseconds = 0;
    current_time(vfs, &milliseconds);
    *day = static_cast<double>(milliseconds) / 86'400'000.0;
    return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) noexcept { return 0; }

sqlite3_vfs vfs_of(Machine& machine, const std::string& name) {
    sqlite3_vfs made{};
    made.iVersion = 2;
    made.szOsFile = sizeof(Handle);
    made.mxPathname = path_bytes_max;
    made.zName = name.c_str();
    made.pAppData = &machine;
    made.xOpen = open;
    made.xDelete = remove;
    made.xAccess = access;
    made.xFullPathname = full_path;
    made.xRandomness = randomness;
    made.xSleep = sleep;
    made.xCurrentTime = current_day;
    made.xGetLastError = last_error;
    made.xCurrentTimeInt64 = current_time;
    return made;
}

std::string new_name() {
    static std::atomic<int> count = 0;
    return "simulated-" + std::to_string(++count);
}

}  // namespace

struct SimulatedVfs::Registered {
    explicit Registered(host::Host host) : machine{host, {}, {}}, name(new_name()), vfs(vfs_of(machine, name)) {
        HOLDFAST_ASSERT(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;
    ~Registered() { sqlite3_vfs_unregister(&vfs); }

    Machine machine;
    std::string name;
    sqlite3_vfs vfs;
};

SimulatedVfs::SimulatedVfs(host::Host host) : registered_(std::make_unique<Registered>(host)) {}
SimulatedVfs::~SimulatedVfs() = default;
const std::string& SimulatedVfs::name() const { return registered_->name; }

}  // namespace holdfast::tests
