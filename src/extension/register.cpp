#include "holdfast/extension/register.h"

#include <sqlite3.h>

#include <exception>

#include "holdfast/base/text.h"
#include "holdfast/extension/backup_names.h"
#include "holdfast/extension/difference_function.h"
#include "holdfast/extension/snapshots_function.h"

namespace holdfast::extension {

namespace {

void give_last_error(sqlite3_context* to, int, sqlite3_value**) noexcept {
    try {
        const std::string text = Holdings::here().last_error();
        if (text.empty()) return sqlite3_result_null(to);
        sqlite3_result_text64(to, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } catch (const std::exception&) {
        sqlite3_result_error_nomem(to);
    }
}

}  // namespace

Result<void> register_in(sqlite3* connection) {
    static const auto vfs = register_vfs();
    if (!vfs) return vfs.error().copy();
    const int kind = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    if (sqlite3_create_function_v2(connection, "holdfast_last_error", 0, kind, nullptr, give_last_error, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return fail(ErrorCode::unavailable, "register holdfast_last_error: {}", sqlite3_errmsg(connection));
    }
    TRY(register_table_function(connection, snapshots_function()));
    return register_table_function(connection, difference_function());
}

}  // namespace holdfast::extension
