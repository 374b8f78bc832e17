#include "holdfast/sqlite/serve_image.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/file_image.h"

// A read-only VFS whose files are images. SQLite calls the functions below from C: none of them lets anything escape.
namespace holdfast::sqlite {
namespace {

// An image being served. Open files share it, so that a connection closed late finds it still there.
class Exhibit {
public:
    explicit Exhibit(const Image& image) : image_(as_rollback_image(image)) {}
    std::uint64_t size() const { return image_->size(); }

    // Any run of bytes inside the image. Whole pages are read in place.
    Result<void> read(std::uint64_t offset, MutableByteView into) const {
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
    void remember(const Error& failure) {
        const std::lock_guard lock(mutex_);
        last_failure_ = failure.text();
    }
    std::string last_failure() const {
        const std::lock_guard lock(mutex_);
        return last_failure_;
    }

private:
    std::unique_ptr<Image> image_;
    mutable std::mutex mutex_;
    std::string last_failure_;
};

// Names of served images, as connections open them.
class Exhibition {
public:
    std::string show(const std::shared_ptr<Exhibit>& exhibit) {
        const std::lock_guard lock(mutex_);
        std::string name = format("/image-{}", ++count_);
        exhibits_.emplace(name, exhibit);
        return name;
    }
    void end(const std::string& name) {
        const std::lock_guard lock(mutex_);
        exhibits_.erase(name);
    }
    std::shared_ptr<Exhibit> find(const char* name) const {
        const std::lock_guard lock(mutex_);
        const auto found = exhibits_.find(name);
        return found == exhibits_.end() ? nullptr : found->second;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Exhibit>, std::less<>> exhibits_;
    std::uint64_t count_ = 0;
};

// Never destroyed: connections may be closed while the program ends.
Exhibition& exhibition() {
    static auto* const all = std::make_unique<Exhibition>().release();
    return *all;
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

int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) noexcept {
    Exhibit& exhibit = exhibit_of(file);
    const MutableByteView bytes(static_cast<std::byte*>(into), static_cast<std::size_t>(size));
    const auto start = static_cast<std::uint64_t>(offset);
    const std::uint64_t there = start < exhibit.size() ? exhibit.size() - start : 0;
    const auto wanted = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(there, bytes.size())));
    if (const auto done = exhibit.read(start, wanted); !done) {
        exhibit.remember(done.error());
        return done.error().code() == ErrorCode::corrupt ? SQLITE_CORRUPT : SQLITE_IOERR_READ;
    }
    std::ranges::fill(bytes.subspan(wanted.size()), std::byte{0});
    return wanted.size() == bytes.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
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

// Where sorters and other temporary files go, and who knows the time.
sqlite3_vfs& ordinary_vfs(const sqlite3_vfs* own) noexcept { return *static_cast<sqlite3_vfs*>(own->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) noexcept {
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) {
        sqlite3_vfs& ordinary = ordinary_vfs(vfs);
        return ordinary.xOpen(&ordinary, name, file, flags, out_flags);
    }
    file->pMethods = nullptr;
    auto exhibit = name ? exhibition().find(name) : nullptr;
    if (!exhibit) return SQLITE_CANTOPEN;
    ImageFile* opened = std::construct_at(static_cast<ImageFile*>(file));
    opened->pMethods = &file_methods;
    opened->exhibit = std::move(exhibit);
    if (out_flags) *out_flags = (flags & ~SQLITE_OPEN_READWRITE & ~SQLITE_OPEN_CREATE) | SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) noexcept {
    sqlite3_vfs& ordinary = ordinary_vfs(vfs);
    return exhibition().find(name) ? SQLITE_READONLY : ordinary.xDelete(&ordinary, name, sync_folder);
}

// No image has a -wal or a -journal.
int tell_absent(sqlite3_vfs*, const char*, int, int* found) noexcept {
    *found = 0;
    return SQLITE_OK;
}

int copy_name(sqlite3_vfs*, const char* name, int size, char* into) noexcept {
    sqlite3_snprintf(size, into, "%s", name);
    return SQLITE_OK;
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

// One per copy of this code in the process; a second copy (in a loaded library) has another name.
struct Registration {
    Registration() : name(format("holdfast-image-{}", static_cast<const void*>(&file_methods))) {
        sqlite3_vfs* ordinary = sqlite3_vfs_find(nullptr);
        if (!ordinary) return;
        vfs.iVersion = 1;
        vfs.szOsFile = std::max(ordinary->szOsFile, static_cast<int>(sizeof(ImageFile)));
        vfs.mxPathname = ordinary->mxPathname;
        vfs.zName = name.c_str();
        vfs.pAppData = ordinary;
        vfs.xOpen = open_file;
        vfs.xDelete = delete_file;
        vfs.xAccess = tell_absent;
        vfs.xFullPathname = copy_name;
        vfs.xDlOpen = refuse_library;
        vfs.xDlError = tell_no_library;
        vfs.xDlSym = [](sqlite3_vfs*, void*, const char*) noexcept -> void (*)(void) { return nullptr; };
        vfs.xDlClose = ignore_library;
        vfs.xRandomness = randomness;
        vfs.xSleep = sleep;
        vfs.xCurrentTime = current_time;
        vfs.xGetLastError = last_error;
        is_done = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    }
    std::string name;
    sqlite3_vfs vfs{};
    bool is_done = false;
};

// Never destroyed, as SQLite keeps a pointer to it.
Result<std::string> vfs_name() {
    static const auto* const registration = std::make_unique<Registration>().release();
    if (!registration->is_done) return fail(ErrorCode::unavailable, "serve an image: SQLite takes no VFS");
    return registration->name;
}

class Served final : public ServedImage {
public:
    Served(const Image& image, std::string vfs)
        : vfs_(std::move(vfs)), exhibit_(std::make_shared<Exhibit>(image)), name_(exhibition().show(exhibit_)) {}
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    ~Served() override { exhibition().end(name_); }
    Result<Connection> connect() override {
        return Connection::open(name_, {.mode = OpenMode::read_only, .vfs = vfs_, .immutable = true});
    }
    Result<void> attach_to(Connection& connection, const std::string& name) override {
        auto statement = TRY(connection.prepare("ATTACH ?1 AS ?2"));
        TRY(statement.bind(1, format("file:{}?vfs={}&immutable=1", name_, vfs_)));
        TRY(statement.bind(2, name));
        TRY(statement.step());
        return {};
    }
    std::string last_failure() const override { return exhibit_->last_failure(); }

private:
    std::string vfs_;
    std::shared_ptr<Exhibit> exhibit_;
    std::string name_;
};

}  // namespace

Result<std::unique_ptr<ServedImage>> serve_image(const Image& image) {
    std::unique_ptr<ServedImage> served = std::make_unique<Served>(image, TRY(vfs_name()));
    return served;
}

}  // namespace holdfast::sqlite
