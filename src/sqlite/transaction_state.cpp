#include "holdfast/sqlite/transaction_state.h"

#include <sqlite3.h>

namespace holdfast::sqlite {

bool has_write_lock(const Connection& connection) { return sqlite3_txn_state(connection.handle(), "main") == SQLITE_TXN_WRITE; }

}  // namespace holdfast::sqlite
