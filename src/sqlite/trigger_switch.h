// Triggers of the database switched off on one connection; those in its temporary schema still fire (SQLite 3.35 and later).
#pragma once

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// For the rest of the connection's life. Nothing of it is written anywhere: other connections' triggers fire as ever.
Result<void> switch_triggers_off(Connection& connection);

// On again while it lives, to see what they would do: nothing is written meanwhile. The connection must outlive it.
class TriggersOn {
public:
    explicit TriggersOn(Connection& connection);
    TriggersOn(const TriggersOn&) = delete;
    TriggersOn& operator=(const TriggersOn&) = delete;
    ~TriggersOn();

private:
    Connection& connection_;
};

}  // namespace holdfast::sqlite
