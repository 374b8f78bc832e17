#include "holdfast/host/unchangeable.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace holdfast::host {

// A file to which one may only append can be neither replaced nor removed.
bool is_unchangeable(const std::string& path) {
    struct statx seen{};
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &seen) != 0) return false;
    return (seen.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0;
}

}  // namespace holdfast::host
