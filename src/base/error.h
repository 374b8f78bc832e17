// Errors as values: ErrorCode, Error, Result<T> and TRY. Nothing in holdfast throws.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

// What the receiver can do about it. Retry, exit codes and HTTP statuses look at this and nothing else.
enum class ErrorCode {
    invalid,      // the request or an argument is wrong: change it
    not_found,    // the thing named does not exist
    exists,       // it exists already, and must not
    busy,         // somebody holds it now: wait and try again
    unavailable,  // a place or program cannot be reached or answers nonsense: perhaps later
    denied,       // permission, password or key is missing or wrong
    full,         // no room left
    corrupt,      // bytes are not what they must be
    too_new,      // written by a newer or unreleased format
    cancelled,    // the user or a time limit stopped it
    bug,          // a promise of our own is broken
};
std::string_view name_of(ErrorCode code) noexcept;

// One failure: code, message ("what was being done: what went wrong", lower case, no full stop) and, where there is
// one, advice: the command or step to try. Never holds a secret. Pointer-sized and movable; copy() is explicit.
class [[nodiscard]] Error {
public:
    Error(ErrorCode code, std::string message);
    Error(Error&&) noexcept = default;
    Error& operator=(Error&&) noexcept = default;
    ~Error() = default;

    ErrorCode code() const noexcept { return detail_->code; }
    const std::string& message() const noexcept { return detail_->message; }
    const std::string& advice() const noexcept { return detail_->advice; }
    std::string text() const;  // "message; advice"

    Error while_doing(std::string_view what) &&;  // puts "what: " before the message
    Error with_advice(std::string advice) &&;     // the last one given by the innermost caller wins
    Error with_code(ErrorCode code) &&;
    Error copy() const;

private:
    struct Detail {
        ErrorCode code;
        std::string message;
        std::string advice;
    };
    std::unique_ptr<Detail> detail_;
};

// A value of T, or an Error. T may be void or move-only. Reading the wrong side is a bug and stops the program.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit on purpose
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    T& value() & { return *value_; }
    const T& value() const& { return *value_; }
    T value() && { return std::move(*value_); }
    T& operator*() & { return *value_; }
    const T& operator*() const& { return *value_; }
    T operator*() && { return std::move(*value_); }
    T* operator->() { return &*value_; }
    const T* operator->() const { return &*value_; }
    const Error& error() const& { return *error_; }
    Error error() && { return std::move(*error_); }
    T value_or(T other) && { return ok() ? std::move(*value_) : std::move(other); }

private:
    std::optional<T> value_;
    std::optional<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return ok(); }
    void value() const noexcept {}
    const Error& error() const& { return *error_; }
    Error error() && { return std::move(*error_); }

private:
    std::optional<Error> error_;
};

// Formats a message; the one way errors are made: fail(ErrorCode::not_found, "no backup #{} here", number).
// Declared in text.h, which brings the formatting library.

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace holdfast

#define HOLDFAST_JOIN_2(a, b) a##b
#define HOLDFAST_JOIN(a, b) HOLDFAST_JOIN_2(a, b)
#define HOLDFAST_TRY(name, expression)                            \
    __extension__({                                               \
        auto name = (expression);                                 \
        if (!name.ok()) [[unlikely]] return std::move(name).error(); \
        std::move(name).value();                                  \
    })
// The value of a Result, or return its Error to the caller: auto header = TRY(read_header(file));
#define TRY(...) HOLDFAST_TRY(HOLDFAST_JOIN(try_result_, __COUNTER__), (__VA_ARGS__))

// A promise of our own; stays on in release. Never about bytes from outside: those are errors.
#define HOLDFAST_ASSERT(...) ((__VA_ARGS__) ? void(0) : ::holdfast::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__))
