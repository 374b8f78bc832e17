#include "holdfast/sqlite/interruptible.h"

#include <sqlite3.h>

#include <utility>

namespace holdfast::sqlite {
namespace {

constexpr int steps_between_looks = 1'000;  // each may read a page, and unpack what it lies in

}  // namespace

int Interruptible::stop_if_asked(void* self) noexcept {
    const auto& asked = *static_cast<const Interruptible*>(self);
    return asked.watch_.stop.stop_requested() || (asked.is_over_ && asked.is_over_()) ? 1 : 0;
}

Interruptible::Interruptible(Connection& connection, const Watch& watch, std::function<bool()> is_over)
    : connection_(connection.handle()), watch_(watch), is_over_(std::move(is_over)) {
    sqlite3_progress_handler(connection_, steps_between_looks, stop_if_asked, this);
}

Interruptible::~Interruptible() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }

}  // namespace holdfast::sqlite
