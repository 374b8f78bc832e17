#include "holdfast/host/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <memory>
#include <string_view>
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

// A relative variable is to be ignored (XDG Base Directory Specification).
std::string user_folder(const char* variable, std::string_view in_home, std::string_view word) {
    const auto named = environment(variable);
    if (named && named->starts_with('/')) return join_path(*named, "holdfast");
    const auto home = home_folder();
    if (home.empty()) return "/tmp/holdfast-" + std::string(word) + "-" + std::to_string(::geteuid());
    return join_path(join_path(home, in_home), "holdfast");
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string cache_folder() { return user_folder("XDG_CACHE_HOME", ".cache", "cache"); }
std::string config_folder() { return user_folder("XDG_CONFIG_HOME", ".config", "config"); }
std::string state_folder() { return user_folder("XDG_STATE_HOME", ".local/state", "state"); }

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
