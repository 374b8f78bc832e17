// Platform: the system and the machine's architecture, for bug reports; never its name.
#pragma once

#include <string>

namespace holdfast::host {

struct Platform {
    std::string system;        // "Debian GNU/Linux 12 (bookworm)"; "Linux" where the distribution does not say
    std::string kernel;        // "Linux 6.1.0-18-amd64"
    std::string architecture;  // "x86_64"
};
Platform platform();

}  // namespace holdfast::host
