#include "holdfast/sqlite/serve_image.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

constexpr const char* vfs_name = "holdfast-image";

// What a connection reads, and why the last read failed. Shared by the server and its open files.
struct Served {
    explicit Served(const Image& served_image) : image(served_image) {}
    const Image& image;
    mutable std::mutex mutex;
    std::string failure;

    void failed(const Error& error) {
        const std::lock_guard lock(mutex);
        failure = error.message();
    }
};

// The images that can be opened now, by the name that stands for a path.
class Registry {
public:
    std::string add(const std::shared_ptr<Served>& served) {
        const std::lock_guard lock(mutex_);
        const std::string name = format("/image-{}", ++last_);
        by_name_.emplace(name, served);
        return name;
    }
    void remove(const std::string& name) {
        const std::lock_guard lock(mutex_);
        by_name_.erase(name);
    }
    std::shared_ptr<Served> find(std::string_view name) {
        const std::lock_guard lock(mutex_);
        const auto at = by_name_.find(name);
        return at == by_name_.end() ? nullptr : at->second;
    }

private:
    std::mutex mutex_;
    std::uint64_t last_ = 0;
    std::map<std::string, std::shared_ptr<Served>, std::less<>> by_name_;
};

Registry& registry() {
    static Registry images;
    return images;
}

// sqlite3_file with our owner behind it. SQLite allocates the bytes; open() and close() make and destroy the object.
struct ImageFile {
    sqlite3_file base;
    std::shared_ptr<Served> served;
};

ImageFile& image_file(sqlite3_file* file) {
    void* memory = file;
    return *static_cast<ImageFile*>(memory);
}

// Any byte range, read by whole pages. The parts outside the pages asked for are cut off through a page of our own.
Result<void> read_bytes(const Image& image, std::uint64_t offset, MutableByteView into) {
    const std::uint32_t page = image.page_size().bytes();
    std::vector<std::byte> scratch;
    while (!into.empty()) {
        const PageNumber number{static_cast<std::uint32_t>(offset / page + 1)};
        const std::size_t skip = static_cast<std::size_t>(offset % page);
        if (skip == 0 && into.size() >= page) {
            const auto count = static_cast<std::uint32_t>(into.size() / page);
            TRY(image.read({.first = number, .count = count}, into.first(std::size_t{count} * page)));
            into = into.subspan(std::size_t{count} * page);
            offset += std::uint64_t{count} * page;
            continue;
        }
        scratch.resize(page);
        TRY(image.read({.first = number, .count = 1}, scratch));
        const std::size_t taken = std::min(into.size(), page - skip);
        std::memcpy(into.data(), scratch.data() + skip, taken);
        into = into.subspan(taken);
        offset += taken;
    }
    return {};
}

int close_file(sqlite3_file* file) noexcept {
    image_file(file).served.~shared_ptr();
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* memory, int amount, sqlite3_int64 offset) noexcept {
    Served& served = *image_file(file).served;
    const MutableByteView into(static_cast<std::byte*>(memory), static_cast<std::size_t>(amount));
    const std::uint64_t size = served.image.size(), start = static_cast<std::uint64_t>(offset);
    const std::size_t there = start >= size ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size - start));
    if (const auto done = read_bytes(served.image, start, into.first(there)); !done) {
        served.failed(done.error());
        return done.error().code() == ErrorCode::corrupt ? SQLITE_CORRUPT : SQLITE_IOERR_READ;
    }
    if (there == into.size()) return SQLITE_OK;
    std::memset(into.data() + there, 0, into.size() - there);
    return SQLITE_IOERR_SHORT_READ;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) noexcept {
    *size = static_cast<sqlite3_int64>(image_file(file).served->image.size());
    return SQLITE_OK;
}

int refuse_write(sqlite3_file*, const void*, int, sqlite3_int64) noexcept { return SQLITE_READONLY; }
int refuse_truncate(sqlite3_file*, sqlite3_int64) noexcept { return SQLITE_READONLY; }
int nothing_to_sync(sqlite3_file*, int) noexcept { return SQLITE_OK; }
int lock_freely(sqlite3_file*, int) noexcept { return SQLITE_OK; }
int nobody_reserves(sqlite3_file*, int* reserved) noexcept {
    *reserved = 0;
    return SQLITE_OK;
}
int no_control(sqlite3_file*, int, void*) noexcept { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) noexcept { return 4096; }
int characteristics(sqlite3_file*) noexcept { return SQLITE_IOCAP_IMMUTABLE; }

const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = refuse_write,
    .xTruncate = refuse_truncate,
    .xSync = nothing_to_sync,
    .xFileSize = file_size,
    .xLock = lock_freely,
    .xUnlock = lock_freely,
    .xCheckReservedLock = nobody_reserves,
    .xFileControl = no_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) noexcept {
    file->pMethods = nullptr;
    if (name == nullptr || (flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
    auto served = registry().find(name);
    if (served == nullptr) return SQLITE_CANTOPEN;
    ImageFile& opened = image_file(file);
    ::new (static_cast<void*>(&opened.served)) std::shared_ptr<Served>(std::move(served));
    opened.base.pMethods = &file_methods;
    if (out_flags != nullptr) *out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    return SQLITE_OK;
}

int refuse_delete(sqlite3_vfs*, const char*, int) noexcept { return SQLITE_READONLY; }
int nothing_else_exists(sqlite3_vfs*, const char*, int, int* result) noexcept {
    *result = 0;
    return SQLITE_OK;
}
int same_path(sqlite3_vfs*, const char* name, int size, char* out) noexcept {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

// The default VFS does what has nothing to do with files.
sqlite3_vfs* below(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }
int randomness(sqlite3_vfs* vfs, int size, char* out) noexcept { return below(vfs)->xRandomness(below(vfs), size, out); }
int sleep_for(sqlite3_vfs* vfs, int microseconds) noexcept { return below(vfs)->xSleep(below(vfs), microseconds); }
int current_time(sqlite3_vfs* vfs, double* out) noexcept { return below(vfs)->xCurrentTime(below(vfs), out); }
int last_error(sqlite3_vfs*, int, char*) noexcept { return 0; }

Result<void> register_vfs() {
    static sqlite3_vfs vfs{};
    static std::once_flag once;
    static int result = SQLITE_OK;
    std::call_once(once, [] {
        sqlite3_vfs* const standard = sqlite3_vfs_find(nullptr);
        vfs.iVersion = 1;
        vfs.szOsFile = sizeof(ImageFile);
        vfs.mxPathname = 256;
        vfs.zName = vfs_name;
        vfs.pAppData = standard;
        vfs.xOpen = open_file;
        vfs.xDelete = refuse_delete;
        vfs.xAccess = nothing_else_exists;
        vfs.xFullPathname = same_path;
        vfs.xRandomness = randomness;
        vfs.xSleep = sleep_for;
        vfs.xCurrentTime = current_time;
        vfs.xGetLastError = last_error;
        result = standard == nullptr ? SQLITE_ERROR : sqlite3_vfs_register(&vfs, 0);
    });
    if (result != SQLITE_OK) return fail(ErrorCode::unavailable, "serve an image: SQLite takes no further file system ({})", result);
    return {};
}

class Server : public ServedImage {
public:
    explicit Server(const Image& image) : served_(std::make_shared<Served>(image)), name_(registry().add(served_)) {}
    ~Server() override { registry().remove(name_); }
    Result<Connection> connect() override { return Connection::open(name_, {.mode = OpenMode::read_only, .vfs = vfs_name, .immutable = true}); }
    std::string last_failure() const override {
        const std::lock_guard lock(served_->mutex);
        return served_->failure;
    }

private:
    std::shared_ptr<Served> served_;
    std::string name_;
};

}  // namespace

Result<std::unique_ptr<ServedImage>> serve_image(const Image& image) {
    TRY(register_vfs());
    return std::unique_ptr<ServedImage>(std::make_unique<Server>(image));
}

}  // namespace holdfast::sqlite
