#include "holdfast/sqlite/image_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/file_image.h"

// SQLite calls the functions below from C: none of them lets anything escape.
namespace holdfast::sqlite {

Exhibit::Exhibit(const Image& image) : image_(as_rollback_image(image)) {}
Exhibit::~Exhibit() = default;

Result<void> Exhibit::read(std::uint64_t offset, MutableByteView into) const {
    const std::uint64_t page_bytes = image_->page_size().bytes();
    while (!into.empty()) {
        const PageNumber page{static_cast<std::uint32_t>(offset / page_bytes + 1)};
        const std::size_t start = offset % page_bytes;
        std::size_t done = 0;
        if (start == 0 && into.size() >= page_bytes) {
            const auto count = static_cast<std::uint32_t>(into.size() / page_bytes);
            done = count * page_bytes;
            TRY(image_->read({page, count}, into.first(done)));
        } else {
            Bytes whole(page_bytes);
            TRY(image_->read({page, 1}, whole));
            done = std::min<std::size_t>(into.size(), page_bytes - start);
            std::memcpy(into.data(), whole.data() + start, done);
        }
        offset += done;
        into = into.subspan(done);
    }
    return {};
}

void Exhibit::remember(const Error& failure) {
    const std::lock_guard lock(mutex_);
    last_failure_ = failure.text();
}

std::string Exhibit::last_failure() const {
    const std::lock_guard lock(mutex_);
    return last_failure_;
}

std::optional<std::string> AskedName::parameter(const char* key) const {
    const char* value = sqlite3_uri_parameter(name_, key);
    if (!value) return std::nullopt;
    return std::string(value);
}

std::vector<std::string> AskedName::parameter_names() const {
    constexpr int first_that_tells = 3'031'000;
    std::vector<std::string> names;
    if (sqlite3_libversion_number() < first_that_tells) return names;
    for (int number = 0; const char* name = sqlite3_uri_key(name_, number); ++number) names.emplace_back(name);
    return names;
}

namespace {

// What the standard library throws, where there is no memory or no thread's lock, is an answer to SQLite.
template <typename Work>
int answered(const Work& work) noexcept {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    } catch (const std::exception&) {
        return SQLITE_IOERR;
    }
}

// --- files ---

struct ImageFile : sqlite3_file {
    std::shared_ptr<Exhibit> exhibit;
};
Exhibit& exhibit_of(sqlite3_file* file) noexcept { return *static_cast<ImageFile*>(file)->exhibit; }

int close_file(sqlite3_file* file) noexcept {
    std::destroy_at(static_cast<ImageFile*>(file));
    return SQLITE_OK;
}

int read_bytes(Exhibit& exhibit, std::uint64_t start, MutableByteView bytes) {
    const std::uint64_t there = start < exhibit.size() ? exhibit.size() - start : 0;
    const auto wanted = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(there, bytes.size())));
    if (const auto done = exhibit.read(start, wanted); !done) {
        exhibit.remember(done.error());
        return done.error().code() == ErrorCode::corrupt ? SQLITE_CORRUPT : SQLITE_IOERR_READ;
    }
    std::ranges::fill(bytes.subspan(wanted.size()), std::byte{0});
    return wanted.size() == bytes.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) noexcept {
    const MutableByteView bytes(static_cast<std::byte*>(into), static_cast<std::size_t>(size));
    return answered([&] { return read_bytes(exhibit_of(file), static_cast<std::uint64_t>(offset), bytes); });
}

int tell_size(sqlite3_file* file, sqlite3_int64* size) noexcept {
    *size = static_cast<sqlite3_int64>(exhibit_of(file).size());
    return SQLITE_OK;
}

int refuse_write(sqlite3_file*, const void*, int, sqlite3_int64) noexcept { return SQLITE_READONLY; }
int refuse_truncate(sqlite3_file*, sqlite3_int64) noexcept { return SQLITE_READONLY; }
int ignore_sync(sqlite3_file*, int) noexcept { return SQLITE_OK; }
int ignore_lock(sqlite3_file*, int) noexcept { return SQLITE_OK; }
int tell_nobody_writes(sqlite3_file*, int* reserved) noexcept {
    *reserved = 0;
    return SQLITE_OK;
}
int know_no_control(sqlite3_file*, int, void*) noexcept { return SQLITE_NOTFOUND; }
int tell_sector_size(sqlite3_file*) noexcept { return 4096; }
int tell_characteristics(sqlite3_file*) noexcept { return SQLITE_IOCAP_IMMUTABLE; }

constexpr sqlite3_io_methods file_methods{
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = refuse_write,
    .xTruncate = refuse_truncate,
    .xSync = ignore_sync,
    .xFileSize = tell_size,
    .xLock = ignore_lock,
    .xUnlock = ignore_lock,
    .xCheckReservedLock = tell_nobody_writes,
    .xFileControl = know_no_control,
    .xSectorSize = tell_sector_size,
    .xDeviceCharacteristics = tell_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// --- the VFS ---

struct ImageVfs {
    explicit ImageVfs(const ImageVfsOrder& order) : name(order.name), names(order.names), libraries(order.libraries) {}
    const std::string name;
    ImageNames& names;
    const Libraries libraries;
    sqlite3_vfs* ordinary = nullptr;  // where sorters and other temporary files go, and who knows the time
    sqlite3_vfs vfs{};
};
ImageVfs& own(const sqlite3_vfs* vfs) noexcept { return *static_cast<ImageVfs*>(vfs->pAppData); }
sqlite3_vfs& ordinary_vfs(const sqlite3_vfs* vfs) noexcept { return *own(vfs).ordinary; }

int open_image_file(ImageVfs& vfs, const char* name, sqlite3_file* file) {
    auto exhibit = name ? vfs.names.find(AskedName(name)) : nullptr;
    if (!exhibit) return SQLITE_CANTOPEN;
    ImageFile* opened = std::construct_at(static_cast<ImageFile*>(file));
    opened->pMethods = &file_methods;
    opened->exhibit = std::move(exhibit);
    return SQLITE_OK;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) noexcept {
    constexpr int temporary = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TEMP_JOURNAL | SQLITE_OPEN_TRANSIENT_DB | SQLITE_OPEN_SUBJOURNAL;
    file->pMethods = nullptr;
    if ((flags & temporary) != 0) {
        sqlite3_vfs& ordinary = ordinary_vfs(vfs);
        return ordinary.xOpen(&ordinary, name, file, flags, out_flags);
    }
    // No journal of any kind, also not the one that ties together a transaction on several other databases.
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
    const int rc = answered([&] { return open_image_file(own(vfs), name, file); });
    if (rc == SQLITE_OK && out_flags) *out_flags = (flags & ~SQLITE_OPEN_READWRITE & ~SQLITE_OPEN_CREATE) | SQLITE_OPEN_READONLY;
    return rc;
}

int refuse_delete(sqlite3_vfs*, const char*, int) noexcept { return SQLITE_READONLY; }

// No image has a -wal or a -journal.
int tell_absent(sqlite3_vfs*, const char*, int, int* found) noexcept {
    *found = 0;
    return SQLITE_OK;
}

int tell_full_name(sqlite3_vfs* vfs, const char* name, int size, char* into) noexcept {
    return answered([&] {
        const std::string full = own(vfs).names.full_name(AskedName(name));
        if (full.size() >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
        std::memcpy(into, full.c_str(), full.size() + 1);
        return SQLITE_OK;
    });
}

int randomness(sqlite3_vfs* vfs, int size, char* into) noexcept {
    sqlite3_vfs& ordinary = ordinary_vfs(vfs);
    return ordinary.xRandomness(&ordinary, size, into);
}
int sleep(sqlite3_vfs* vfs, int microseconds) noexcept {
    sqlite3_vfs& ordinary = ordinary_vfs(vfs);
    return ordinary.xSleep(&ordinary, microseconds);
}
int current_time(sqlite3_vfs* vfs, double* julian_day) noexcept {
    sqlite3_vfs& ordinary = ordinary_vfs(vfs);
    return ordinary.xCurrentTime(&ordinary, julian_day);
}
int last_error(sqlite3_vfs*, int, char*) noexcept { return 0; }

void* refuse_library(sqlite3_vfs*, const char*) noexcept { return nullptr; }
void tell_no_library(sqlite3_vfs*, int size, char* into) noexcept {
    sqlite3_snprintf(size, into, "%s", "images load no libraries");
}
void ignore_library(sqlite3_vfs*, void*) noexcept {}

void* open_library(sqlite3_vfs* vfs, const char* name) noexcept { return ordinary_vfs(vfs).xDlOpen(&ordinary_vfs(vfs), name); }
void tell_library_error(sqlite3_vfs* vfs, int size, char* into) noexcept { ordinary_vfs(vfs).xDlError(&ordinary_vfs(vfs), size, into); }
void (*find_symbol(sqlite3_vfs* vfs, void* library, const char* name) noexcept)(void) {
    return ordinary_vfs(vfs).xDlSym(&ordinary_vfs(vfs), library, name);
}
void close_library(sqlite3_vfs* vfs, void* library) noexcept { ordinary_vfs(vfs).xDlClose(&ordinary_vfs(vfs), library); }

void fill_in(ImageVfs& own, sqlite3_vfs& ordinary) {
    constexpr int name_max = 4096;
    own.ordinary = &ordinary;
    sqlite3_vfs& vfs = own.vfs;
    vfs.iVersion = 1;
    vfs.szOsFile = std::max(ordinary.szOsFile, static_cast<int>(sizeof(ImageFile)));
    vfs.mxPathname = std::max(ordinary.mxPathname, name_max);
    vfs.zName = own.name.c_str();
    vfs.pAppData = &own;
    vfs.xOpen = open_file;
    vfs.xDelete = refuse_delete;
    vfs.xAccess = tell_absent;
    vfs.xFullPathname = tell_full_name;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep;
    vfs.xCurrentTime = current_time;
    vfs.xGetLastError = last_error;
    if (own.libraries == Libraries::of_default_vfs) {
        vfs.xDlOpen = open_library;
        vfs.xDlError = tell_library_error;
        vfs.xDlSym = find_symbol;
        vfs.xDlClose = close_library;
        return;
    }
    vfs.xDlOpen = refuse_library;
    vfs.xDlError = tell_no_library;
    vfs.xDlSym = [](sqlite3_vfs*, void*, const char*) noexcept -> void (*)(void) { return nullptr; };
    vfs.xDlClose = ignore_library;
}

}  // namespace

Result<void> register_image_vfs(const ImageVfsOrder& order) {
    sqlite3_vfs* ordinary = sqlite3_vfs_find(nullptr);
    if (!ordinary) return fail(ErrorCode::unavailable, "serve images: this SQLite library has no VFS of its own");
    auto own = std::make_unique<ImageVfs>(order);
    fill_in(*own, *ordinary);
    if (sqlite3_vfs_register(&own->vfs, 0) != SQLITE_OK) return fail(ErrorCode::unavailable, "serve images: SQLite takes no VFS");
    static_cast<void>(own.release());  // SQLite keeps a pointer to it
    return {};
}

Exhibit* exhibit_behind(sqlite3* connection, const char* database) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(connection, database, SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file) return nullptr;
    return file->pMethods == &file_methods ? &exhibit_of(file) : nullptr;
}

}  // namespace holdfast::sqlite
