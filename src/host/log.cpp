#include "holdfast/host/log.h"

#include <unistd.h>

#include "holdfast/host/descriptor.h"

namespace holdfast::host {
namespace {

constexpr const char* level_names[] = {"debug", "info", "warning", "error"};

class StandardErrorLog final : public Log {
public:
    explicit StandardErrorLog(LogLevel least) : least_(least) {}

    // One write a line: lines of several threads and processes do not mix.
    void write(LogLevel level, std::string_view message) override {
        if (level < least_) return;
        const auto line = format("holdfast: {}: {}\n", level_names[static_cast<int>(level)], printable(message));
        static_cast<void>(uninterrupted([&] { return ::write(STDERR_FILENO, line.data(), line.size()); }));
    }

private:
    LogLevel least_;
};

class SilentLog final : public Log {
public:
    void write(LogLevel, std::string_view) override {}
};

}  // namespace

Log& standard_error_log(LogLevel least) {
    static StandardErrorLog logs[] = {StandardErrorLog(LogLevel::debug), StandardErrorLog(LogLevel::info),
                                      StandardErrorLog(LogLevel::warning), StandardErrorLog(LogLevel::error)};
    return logs[static_cast<int>(least)];
}

Log& silent_log() {
    static SilentLog log;
    return log;
}

}  // namespace holdfast::host
