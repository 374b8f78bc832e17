#include "holdfast/sqlite/result_code.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

bool is_about_files(int result_code) {
    const int primary = result_code & 0xff;
    return primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR;
}

// SQLite says "unable to open database file" or "disk I/O error"; the system knows why.
ErrorCode code_with_reason(ErrorCode code, int system_error) {
    switch (system_error) {
        case ENOENT:
        case ENOTDIR: return ErrorCode::not_found;
        case EACCES:
        case EPERM:
        case EROFS: return ErrorCode::denied;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return ErrorCode::full;
        default: return code;
    }
}

}  // namespace

ErrorCode error_code_of(int result_code) {
    switch (result_code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
        case SQLITE_SCHEMA: return ErrorCode::busy;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return ErrorCode::denied;
        case SQLITE_FULL: return ErrorCode::full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::corrupt;
        case SQLITE_INTERRUPT:
        case SQLITE_ABORT: return ErrorCode::cancelled;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM:
        case SQLITE_NOLFS: return ErrorCode::unavailable;
        case SQLITE_MISUSE:
        case SQLITE_INTERNAL: return ErrorCode::bug;
        default: return ErrorCode::invalid;
    }
}

Error result_failure(int result_code, std::string_view doing) {
    return fail(error_code_of(result_code), "{}: {}", doing, sqlite3_errstr(result_code));
}

Error connection_failure(sqlite3* connection, std::string_view doing) {
    const int result_code = sqlite3_extended_errcode(connection);
    const int system_error = is_about_files(result_code) ? sqlite3_system_errno(connection) : 0;
    std::string message = printable(sqlite3_errmsg(connection));
    if (system_error != 0) message += format(" ({})", std::strerror(system_error));
    return fail(code_with_reason(error_code_of(result_code), system_error), "{}: {}", doing, message);
}

}  // namespace holdfast::sqlite
