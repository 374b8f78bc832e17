// The log: an effect, so only rooms that have effects write it. Never a secret, never row data.
#pragma once

#include <string_view>

#include "holdfast/base/text.h"

namespace holdfast::host {

enum class LogLevel { debug, info, warning, error };

// Thread-safe.
class Log {
public:
    virtual ~Log() = default;
    virtual void write(LogLevel level, std::string_view message) = 0;

    template <typename... Arguments>
    void info(fmt::format_string<Arguments...> pattern, Arguments&&... arguments) {
        write(LogLevel::info, fmt::format(pattern, std::forward<Arguments>(arguments)...));
    }
    template <typename... Arguments>
    void warning(fmt::format_string<Arguments...> pattern, Arguments&&... arguments) {
        write(LogLevel::warning, fmt::format(pattern, std::forward<Arguments>(arguments)...));
    }
};

Log& standard_error_log(LogLevel least);  // one per level, lives as long as the program
Log& silent_log();

}  // namespace holdfast::host
