// Interruptible: while it lives, SQLite asks a watch between its steps, and a statement ends `cancelled` on request.
#pragma once

#include <functional>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// One at a time on a connection, which must outlive it. `is_over`, when given, is asked too: a limit on time.
class Interruptible {
public:
    Interruptible(Connection& connection, const Watch& watch, std::function<bool()> is_over = {});
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;
    ~Interruptible();

private:
    static int stop_if_asked(void* self) noexcept;

    sqlite3* connection_;
    Watch watch_;
    std::function<bool()> is_over_;
};

}  // namespace holdfast::sqlite
