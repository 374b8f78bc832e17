#include "holdfast/sqlite/interruptible.h"

#include <sqlite3.h>

namespace holdfast::sqlite {
namespace {

constexpr int steps_between_looks = 10'000;

int stop_if_asked(void* watch) noexcept { return static_cast<const Watch*>(watch)->stop.stop_requested() ? 1 : 0; }

}  // namespace

Interruptible::Interruptible(Connection& connection, const Watch& watch) : connection_(connection.handle()), watch_(watch) {
    sqlite3_progress_handler(connection_, steps_between_looks, stop_if_asked, &watch_);
}

Interruptible::~Interruptible() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }

}  // namespace holdfast::sqlite
