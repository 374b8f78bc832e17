#include "holdfast/host/standard_output.h"

#include <unistd.h>

#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"

namespace holdfast::host {

Result<void> write_to_standard_output(ByteView bytes) {
    while (!bytes.empty()) {
        const auto written = uninterrupted([&] { return ::write(STDOUT_FILENO, bytes.data(), bytes.size()); });
        if (written == -1) return posix_error(errno, {"write", "standard output"});
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace holdfast::host
