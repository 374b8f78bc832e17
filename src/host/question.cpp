#include "holdfast/host/question.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "holdfast/base/text.h"
#include "holdfast/host/console.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"

namespace holdfast::host {
namespace {

constexpr std::size_t line_size_max = 4096;

// Ctrl-C asks the program to stop, and does not interrupt for ever what waits in the kernel: so it waits in steps.
Result<void> wait_for_line(int terminal) {
    constexpr int step_ms = 100;
    for (;;) {
        pollfd wanted{.fd = terminal, .events = POLLIN, .revents = 0};
        if (::poll(&wanted, 1, step_ms) > 0) return {};
        if (stopping_signal() != 0) return fail(ErrorCode::cancelled, "stopped at a question");
    }
}

}  // namespace

Result<std::string> line_from_terminal(const std::string& prompt) {
    const Descriptor terminal(uninterrupted([] { return ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY); }));
    if (!terminal.is_open()) return fail(ErrorCode::unavailable, "ask '{}': there is no terminal", printable(prompt));
    static_cast<void>(uninterrupted([&] { return ::write(terminal.number(), prompt.data(), prompt.size()); }));
    std::string line;
    for (;;) {
        TRY(wait_for_line(terminal.number()));
        char piece[256];
        const auto got = uninterrupted([&] { return ::read(terminal.number(), piece, sizeof piece); });
        if (got == -1) return posix_error(errno, {"read from", "/dev/tty"});
        line.append(piece, static_cast<std::size_t>(got));
        if (line.size() > line_size_max) return fail(ErrorCode::invalid, "the answer is longer than {} bytes", line_size_max);
        if (got == 0 || line.ends_with('\n')) return std::string(trim(line));
    }
}

}  // namespace holdfast::host
