// Moves SQLite's lock bytes when the environment asks, so that the lock page lies inside small test databases. Every
// process of a test must agree, so it happens before any test runs.
#pragma once

#include <sqlite3.h>

#include <cstdlib>

namespace holdfast::tests {

// True if it was moved. Safe to call before main, from anywhere, any number of times.
inline bool move_pending_byte() {
    static const bool moved = [] {
        const char* offset = std::getenv("HOLDFAST_TEST_PENDING_BYTE");
        if (offset == nullptr) return false;
        sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, static_cast<unsigned>(std::strtoul(offset, nullptr, 0)));
        return true;
    }();
    return moved;
}
inline const bool pending_byte_moved = move_pending_byte();

}  // namespace holdfast::tests
