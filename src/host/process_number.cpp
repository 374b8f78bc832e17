#include "holdfast/host/process_number.h"

#include <unistd.h>

namespace holdfast::host {

std::int64_t process_number() noexcept { return ::getpid(); }

}  // namespace holdfast::host
