// Interruptible: while it lives, SQLite asks a watch between its steps, and a statement ends `cancelled` on request.
#pragma once

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// One at a time on a connection, which must outlive it.
class Interruptible {
public:
    Interruptible(Connection& connection, const Watch& watch);
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;
    ~Interruptible();

private:
    sqlite3* connection_;
    Watch watch_;
};

}  // namespace holdfast::sqlite
