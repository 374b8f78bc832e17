// A read-only SQLite VFS whose databases are images: serve_image() has one, and so has the loadable extension.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/sqlite/image.h"

struct sqlite3;

namespace holdfast::sqlite {

// An image as the bytes of a file, in rollback mode whatever its header says. Open files share it, so that a connection
// closed late finds it still there. Thread-safe.
class Exhibit {
public:
    explicit Exhibit(const Image& image);  // which must outlive it
    Exhibit(const Exhibit&) = delete;
    Exhibit& operator=(const Exhibit&) = delete;
    virtual ~Exhibit();
    std::uint64_t size() const { return image_->size(); }
    // Any run of bytes inside the image. Whole pages are read in place.
    virtual Result<void> read(std::uint64_t offset, MutableByteView into) const;
    virtual void remember(const Error& failure);  // why a read failed
    std::string last_failure() const;             // empty: none did

private:
    std::unique_ptr<Image> image_;
    mutable std::mutex mutex_;
    std::string last_failure_;
};

// A database as SQLite asks for it: its name, and the parameters that stood behind that in a URI.
class AskedName {
public:
    explicit AskedName(const char* name) : name_(name) {}
    const char* name() const { return name_; }
    std::optional<std::string> parameter(const char* key) const;
    std::vector<std::string> parameter_names() const;  // none where SQLite is older than 3.31 and does not tell

private:
    const char* name_;
};

// Which image a name means. Called by SQLite, from any thread.
class ImageNames {
public:
    virtual ~ImageNames() = default;
    virtual std::shared_ptr<Exhibit> find(const AskedName& asked) = 0;  // null: none (SQLITE_CANTOPEN)
    // What SQLite is to know it by. Equal names are the same database to a shared cache.
    virtual std::string full_name(const AskedName& asked) = 0;
};

// For the life of the process: `names` must never be destroyed. No -wal, -shm or journal is ever seen or made; temporary
// files of queries go where those of the default VFS go. A page that cannot be read comes out as SQLITE_CORRUPT (the
// image said `corrupt`) or SQLITE_IOERR; memory that is not there as SQLITE_NOMEM.
enum class Libraries { refused, of_default_vfs };  // extensions, on a connection whose main database is an image
struct ImageVfsOrder {
    std::string name;
    ImageNames& names;
    Libraries libraries = Libraries::refused;
};
Result<void> register_image_vfs(const ImageVfsOrder& order);

// What stands behind a database of a connection ("main", or as it was attached); null: it is of another VFS.
Exhibit* exhibit_behind(sqlite3* connection, const char* database);

}  // namespace holdfast::sqlite
