// serve_image(): an image as a read-only database that any SQLite connection of this process can open.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// While it lives, connect() opens connections on the image (immutable, no -wal, no -shm, no locks). The image must
// outlive it and every connection. The header says rollback mode, whatever the image's says. A page that cannot be read
// comes out as SQLITE_CORRUPT (the image said `corrupt`) or SQLITE_IOERR, and among the findings of an integrity check;
// the first page is read by connect() already. The reason is in last_failure(). Connections may be used from several
// threads, each from one.
class ServedImage {
public:
    virtual ~ServedImage() = default;
    virtual Result<Connection> connect() = 0;
    // Under this name beside another connection's own database. The image must outlive that connection too.
    virtual Result<void> attach_to(Connection& connection, const std::string& name) = 0;
    virtual std::string last_failure() const = 0;  // empty: none
};
Result<std::unique_ptr<ServedImage>> serve_image(const Image& image);

}  // namespace holdfast::sqlite
