#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"
#include "holdfast/host/secrets.h"
#include "holdfast/host/wiped_bytes.h"

namespace holdfast::host {
namespace {

// No echo, and keys come one by one: with Ctrl-C as a byte, no signal can end us while the echo is off.
class QuietTerminal {
public:
    explicit QuietTerminal(int terminal) : terminal_(terminal) {
        if (::tcgetattr(terminal_, &before_) == -1) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        quiet.c_cc[VMIN] = 1;
        quiet.c_cc[VTIME] = 0;
        is_quiet_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() {
        if (is_quiet_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    bool is_quiet() const { return is_quiet_; }

private:
    int terminal_;
    termios before_{};
    bool is_quiet_ = false;
};

constexpr unsigned char key_interrupt = 0x03, key_end = 0x04, key_backspace = 0x08, key_kill_line = 0x15,
                        key_delete = 0x7f;

void erase_last_character(WipedBytes& line) {
    const auto continues = [](std::byte byte) { return (byte & std::byte{0xc0}) == std::byte{0x80}; };  // UTF-8
    while (!line.view().empty() && continues(line.view().back())) line.drop_last();
    if (!line.view().empty()) line.drop_last();
}

Result<void> read_line(int terminal, WipedBytes& line) {
    for (;;) {
        unsigned char key = 0;
        const auto got = uninterrupted([&] { return ::read(terminal, &key, 1); });
        if (got == -1) return posix_error(errno, {"read from", "/dev/tty"});
        if (got == 0 || key == '\n' || key == '\r' || key == key_end) return {};
        if (key == key_interrupt) return fail(ErrorCode::cancelled, "stopped at the question for a secret");
        if (key == key_kill_line) {
            line.clear();
        } else if (key == key_backspace || key == key_delete) {
            erase_last_character(line);
        } else {
            if (line.rest().empty()) return fail(ErrorCode::invalid, "the secret typed is too long");
            line.rest().front() = std::byte{key};
            line.filled_by(1);
        }
    }
}

void show(int terminal, std::string_view text) {
    static_cast<void>(uninterrupted([&] { return ::write(terminal, text.data(), text.size()); }));
}

}  // namespace

Result<SecretBytes> secret_from_terminal(const std::string& prompt) {
    const Descriptor terminal(uninterrupted([] { return ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY); }));
    if (!terminal.is_open()) {
        return fail(ErrorCode::unavailable, "ask for a secret: there is no terminal")
            .with_advice("give it by file or by command");
    }
    WipedBytes line(4096);
    auto typed = [&]() -> Result<void> {
        const QuietTerminal quiet(terminal.number());
        if (!quiet.is_quiet()) return posix_error(errno, {"switch off the echo of", "/dev/tty"});
        show(terminal.number(), prompt);
        auto done = read_line(terminal.number(), line);
        show(terminal.number(), "\n");
        return done;
    }();
    TRY(std::move(typed));
    if (line.view().empty()) return fail(ErrorCode::invalid, "the secret typed is empty");
    return SecretBytes(line.view());
}

}  // namespace holdfast::host
