#include "holdfast/host/host.h"

namespace holdfast::host {

Host real_host() {
    return {posix_file_system(), system_clock(), system_random(), standard_error_log(LogLevel::warning)};
}

}  // namespace holdfast::host
