// In place of SQLite's own header where the loadable module is compiled: each sqlite3_* call goes through the table of
// functions that the host gave, so that the module needs no SQLite library of its own, and never meets two.
#pragma once

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3
