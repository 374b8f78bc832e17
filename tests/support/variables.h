// Variable: an environment variable set, or taken away, for as long as the object lives.
#pragma once

#include <stdlib.h>

#include <optional>
#include <string>

namespace holdfast::tests {

class Variable {
public:
    Variable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
        if (const char* before = ::getenv(name_.c_str())) before_ = before;
        set(value);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { set(before_); }

private:
    void set(const std::optional<std::string>& value) {
        if (value) ::setenv(name_.c_str(), value->c_str(), 1);
        else ::unsetenv(name_.c_str());
    }
    std::string name_;
    std::optional<std::string> before_;
};

}  // namespace holdfast::tests
