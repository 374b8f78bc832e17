#include "holdfast/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

std::string_view name_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::exists: return "exists";
        case ErrorCode::busy: return "busy";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::denied: return "denied";
        case ErrorCode::full: return "full";
        case ErrorCode::corrupt: return "corrupt";
        case ErrorCode::too_new: return "too_new";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::bug: return "bug";
    }
    return "bug";
}

Error::Error(ErrorCode code, std::string message) : detail_(std::make_unique<Detail>(Detail{code, std::move(message), {}})) {}

std::string Error::text() const { return advice().empty() ? message() : message() + "; " + advice(); }

Error Error::while_doing(std::string_view what) && {
    detail_->message = std::string(what) + ": " + detail_->message;
    return std::move(*this);
}

Error Error::with_advice(std::string advice) && {
    detail_->advice = std::move(advice);
    return std::move(*this);
}

Error Error::with_code(ErrorCode code) && {
    detail_->code = code;
    return std::move(*this);
}

Error Error::copy() const {
    Error other(code(), message());
    other.detail_->advice = advice();
    return other;
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "holdfast: broken promise in %s:%d: %s\n", file, line, expression);
    std::abort();
}

}  // namespace holdfast
