#include "holdfast/sqlite/trigger_switch.h"

#include <sqlite3.h>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {

Result<void> switch_triggers_off(Connection& connection) {
    int is_on = 1;
    const int rc = sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, &is_on);
    if (rc == SQLITE_OK && is_on == 0) return {};
    return fail(ErrorCode::unavailable, "switch triggers off: this SQLite library lacks the setting");
}

TriggersOn::TriggersOn(Connection& connection) : connection_(connection) { sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr); }

TriggersOn::~TriggersOn() { sqlite3_db_config(connection_.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr); }

}  // namespace holdfast::sqlite
