#include "holdfast/extension/holdings.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>

#include "holdfast/base/text.h"
#include "holdfast/host/process_number.h"

namespace holdfast::extension {

namespace {

// SQLite cuts what it logs at some 200 bytes, and the reason stands at the end.
void log_as(int result_code, std::string_view text) {
    constexpr std::size_t line_max = 180;
    do {
        std::size_t size = std::min(line_max, text.size());
        const auto is_inside_letter = [&] { return (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80; };
        while (size < text.size() && size > line_max / 2 && is_inside_letter()) --size;
        sqlite3_log(result_code, "holdfast: %.*s", static_cast<int>(size), text.data());
        text.remove_prefix(size);
    } while (!text.empty());
}

class SqliteLog final : public host::Log {
public:
    void write(host::LogLevel level, std::string_view message) override {
        if (level >= host::LogLevel::warning) log_as(SQLITE_WARNING, message);
    }
};

host::Log& sqlite_log() {
    static auto* const log = std::make_unique<SqliteLog>().release();
    return *log;
}

}  // namespace

operations::Context context_here() {
    const host::Host machine = host::real_host();
    return {.host = {.files = machine.files, .clock = machine.clock, .random = machine.random, .log = sqlite_log()}, .watch = {}, .vfs = {}};
}

void log_note(std::string_view text) { log_as(SQLITE_NOTICE, text); }

Holdings::Holdings() : process_(host::process_number()), images_(context_here()) {}

bool Holdings::are_here() const noexcept { return process_ == host::process_number(); }

Holdings& Holdings::here() {
    constinit static std::atomic<Holdings*> current = nullptr;
    Holdings* seen = current.load();
    while (!seen || !seen->are_here()) {
        auto own = std::unique_ptr<Holdings>(new Holdings());
        if (current.compare_exchange_strong(seen, own.get())) return *own.release();
    }
    return *seen;
}

void Holdings::tell(int result_code, const Error& failure) {
    const std::string text = failure.text();
    {
        const std::lock_guard lock(mutex_);
        last_error_ = text;
    }
    log_as(result_code, text);
}

std::string Holdings::last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
}

}  // namespace holdfast::extension
