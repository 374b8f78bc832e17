#include "holdfast/base/versions.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "holdfast/base/text.h"

namespace holdfast {

std::vector<std::pair<std::string, std::string>> library_versions() {
    const unsigned xxhash = XXH_versionNumber();
    return {{"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
            {"sodium", sodium_version_string()},
            {"xxhash", format("{}.{}.{}", xxhash / 10000, xxhash / 100 % 100, xxhash % 100)},
            {"zlib", zlibVersion()},
            {"zstd", ZSTD_versionString()}};
}

}  // namespace holdfast
