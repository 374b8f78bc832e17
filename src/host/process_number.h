// The number of this process: another one after a fork.
#pragma once

#include <cstdint>

namespace holdfast::host {

std::int64_t process_number() noexcept;  // cheap: may be asked at every step

}  // namespace holdfast::host
