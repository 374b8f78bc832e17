#include "holdfast/host/shared_library.h"

#include <dlfcn.h>

#include "holdfast/base/text.h"

namespace holdfast::host {

Result<SharedLibrary> SharedLibrary::load(const char* file_name) {
    if (void* const handle = ::dlopen(file_name, RTLD_NOW | RTLD_LOCAL)) return SharedLibrary(handle);
    const char* const why = ::dlerror();
    return fail(ErrorCode::unavailable, "load {}: {}", file_name, printable(why != nullptr ? why : "it cannot be found"));
}

void* SharedLibrary::function(const char* name) const { return ::dlsym(handle_, name); }

}  // namespace holdfast::host
