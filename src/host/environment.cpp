#include "holdfast/host/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <memory>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::host {
namespace {

// What the user data base says of the effective user.
struct User {
    std::string name, home;
};
User user() {
    std::vector<char> text(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found) != 0 || !found) return {};
    return {found->pw_name, found->pw_dir};
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string cache_folder() {
    // A relative $XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
    const auto caches = environment("XDG_CACHE_HOME");
    if (caches && caches->starts_with('/')) return join_path(*caches, "holdfast");
    const auto home = home_folder();
    if (home.empty()) return "/tmp/holdfast-cache-" + std::to_string(::geteuid());
    return join_path(home, ".cache/holdfast");
}

std::string working_folder() {
    const std::unique_ptr<char, void (*)(void*)> folder(::getcwd(nullptr, 0), ::free);
    return folder ? folder.get() : ".";
}

std::string home_folder() {
    const auto home = environment("HOME").value_or("");
    return home.empty() ? user().home : home;
}

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = {};
    return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "localhost";
}

std::uint32_t user_id() { return ::geteuid(); }

bool is_superuser() { return ::geteuid() == 0; }

std::string user_name() {
    auto name = user().name;
    return name.empty() ? std::to_string(::geteuid()) : name;
}

}  // namespace holdfast::host
