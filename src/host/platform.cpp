#include "holdfast/host/platform.h"

#include <sys/utsname.h>

#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

// os-release(5): NAME="value", quotes optional.
std::string distribution() {
    constexpr std::string_view key = "PRETTY_NAME=";
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto text = read_proc(path);
        if (!text) continue;
        for (const auto& line : split(*text, '\n')) {
            if (!line.starts_with(key)) continue;
            std::string_view value = trim(std::string_view(line).substr(key.size()));
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
            return std::string(value);
        }
    }
    return "Linux";
}

}  // namespace

Platform platform() {
    struct utsname names{};
    if (::uname(&names) != 0) return {.system = distribution(), .kernel = {}, .architecture = {}};
    return {.system = distribution(), .kernel = format("{} {}", names.sysname, names.release), .architecture = names.machine};
}

}  // namespace holdfast::host
