// SharedLibrary: a library loaded when it is needed, for what most runs of the program do without.
#pragma once

#include "holdfast/base/error.h"

namespace holdfast::host {

// Stays loaded for the rest of the process.
class SharedLibrary {
public:
    // By the name that the system's loader looks up ("libarchive.so.13"). `unavailable`, with the loader's reason.
    static Result<SharedLibrary> load(const char* file_name);
    void* function(const char* name) const;  // null: it has none of that name

private:
    explicit SharedLibrary(void* handle) : handle_(handle) {}
    void* handle_;
};

}  // namespace holdfast::host
