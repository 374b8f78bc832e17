#include "holdfast/host/standard_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"
#include "holdfast/host/console.h"

namespace holdfast::host {

Result<std::string> text_from_standard_input(std::uint64_t size_max) {
    constexpr int step_ms = 100;
    std::string text;
    for (;;) {
        pollfd wanted{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&wanted, 1, step_ms) == 0) {
            if (stopping_signal() != 0) return fail(ErrorCode::cancelled, "stopped while reading standard input");
            continue;
        }
        char piece[65536];
        const auto got = uninterrupted([&] { return ::read(STDIN_FILENO, piece, sizeof piece); });
        if (got == -1) return posix_error(errno, {"read from", "standard input"});
        if (got == 0) return text;
        text.append(piece, static_cast<std::size_t>(got));
        if (text.size() > size_max) return fail(ErrorCode::invalid, "standard input has more than {}", human_bytes(size_max));
    }
}

}  // namespace holdfast::host
