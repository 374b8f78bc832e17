// The one table from errno to Error: code, reason and advice.
#pragma once

#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct PosixStep {
    std::string_view doing;  // "write", "sync folder"
    std::string_view path;
};
// "write /a/b: no space left on the file system", with advice where there is some.
Error posix_error(int number, PosixStep step);

}  // namespace holdfast::host
