// Triggers of the database switched off on one connection; those in its temporary schema still fire (SQLite 3.35 and later).
#pragma once

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// For the rest of the connection's life. Nothing of it is written anywhere: other connections' triggers fire as ever.
Result<void> switch_triggers_off(Connection& connection);

}  // namespace holdfast::sqlite
