// Which files shift: bytes are put in or taken out somewhere in the middle, so that all behind them moves on.
#pragma once

#include <string_view>

#include "holdfast/repository/content_writer.h"

namespace holdfast::history {

// What is known before anything was seen of it: by the end of its name, in any case, whatever numbers a rotation puts behind
// it ("a.log.1").
bool shifts_by_name(std::string_view name);

// What was seen: much of it changed, and most of what did was there before, at other places.
bool has_shifted(const repository::KeptContent& kept);

}  // namespace holdfast::history
