// holdfast_sqlite.so: what SQLite calls when a program loads it.
#include <sqlite3.h>

#include <exception>
#include <mutex>

#include "holdfast/base/error.h"
#include "holdfast/extension/register.h"

SQLITE_EXTENSION_INIT1

namespace {

// The newest function that is used whatever is asked: sqlite3_prepare_v3, and then what SQLite tells on its own version.
constexpr int oldest_sqlite = 3'020'000;

int refuse(const sqlite3_api_routines& api, char** message, const char* why) {
    if (message) *message = api.mprintf("holdfast_sqlite: %s", why);
    return SQLITE_ERROR;
}

int load(sqlite3* connection, char** message, const sqlite3_api_routines* api) {
    if (api->libversion_number() < oldest_sqlite) return refuse(*api, message, "this program's SQLite is older than 3.20");
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    // A connection of one library handed to another's functions would be read as what it is not.
    if (sqlite3_api && sqlite3_api != api) return refuse(*api, message, "another SQLite library in this process has loaded it already");
    if (!sqlite3_api) sqlite3_api = api;  // once: other threads read it without the mutex
    const auto done = holdfast::extension::register_in(connection);
    return done ? SQLITE_OK_LOAD_PERMANENTLY : refuse(*api, message, done.error().message().c_str());
}

}  // namespace

extern "C" {

// The name that SQLite makes of the file's, and the one that serves under any.
__attribute__((visibility("default"))) int sqlite3_holdfastsqlite_init(sqlite3* connection, char** message, const sqlite3_api_routines* api) noexcept {
    try {
        return load(connection, message, api);
    } catch (const std::exception&) {
        return SQLITE_NOMEM;
    }
}

__attribute__((visibility("default"))) int sqlite3_extension_init(sqlite3* connection, char** message, const sqlite3_api_routines* api) noexcept {
    return sqlite3_holdfastsqlite_init(connection, message, api);
}

}  // extern "C"
