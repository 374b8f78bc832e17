// CurlLibrary: the few functions of libcurl that are used, found in the library when it is needed.
#pragma once

#include <curl/curl.h>

#include <span>

#include "holdfast/base/error.h"

namespace holdfast::host {

// Not linked: loading libcurl with all it needs takes longer than a backup of an unchanged database.
struct CurlLibrary {
    decltype(&curl_global_init) global_init = nullptr;
    decltype(&curl_easy_init) easy_init = nullptr;
    decltype(&curl_easy_setopt) easy_setopt = nullptr;
    decltype(&curl_easy_perform) easy_perform = nullptr;
    decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
    decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
    decltype(&curl_easy_strerror) easy_strerror = nullptr;
    decltype(&curl_slist_append) slist_append = nullptr;
    decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

// Debian's two ways to build it: with OpenSSL, and with GnuTLS.
inline constexpr const char* curl_library_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

// The first of the names that can be loaded; it stays loaded. `unavailable` names the package that is missing.
Result<CurlLibrary> load_curl(std::span<const char* const> names);

}  // namespace holdfast::host
