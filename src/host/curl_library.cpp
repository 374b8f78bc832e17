#include "holdfast/host/curl_library.h"

#include <dlfcn.h>

#include "holdfast/base/text.h"

namespace holdfast::host {
namespace {

template <typename Function>
Result<void> find(void* library, const char* name, Function& function) {
    void* found = ::dlsym(library, name);
    if (!found) return fail(ErrorCode::unavailable, "load libcurl: it has no {}", name).with_advice("apt install libcurl4");
    function = reinterpret_cast<Function>(found);
    return {};
}

Result<CurlLibrary> functions_of(void* library) {
    CurlLibrary curl;
    TRY(find(library, "curl_global_init", curl.global_init));
    TRY(find(library, "curl_easy_init", curl.easy_init));
    TRY(find(library, "curl_easy_setopt", curl.easy_setopt));
    TRY(find(library, "curl_easy_perform", curl.easy_perform));
    TRY(find(library, "curl_easy_getinfo", curl.easy_getinfo));
    TRY(find(library, "curl_easy_cleanup", curl.easy_cleanup));
    TRY(find(library, "curl_easy_strerror", curl.easy_strerror));
    TRY(find(library, "curl_slist_append", curl.slist_append));
    TRY(find(library, "curl_slist_free_all", curl.slist_free_all));
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(ErrorCode::unavailable, "load libcurl: it cannot be initialised");
    return curl;
}

}  // namespace

Result<CurlLibrary> load_curl(std::span<const char* const> names) {
    for (const char* name : names) {
        if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return functions_of(library);
    }
    return fail(ErrorCode::unavailable, "speak HTTP: the library libcurl is not installed").with_advice("apt install libcurl4");
}

}  // namespace holdfast::host
