// Environment: variables, the user's folders and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::host {

std::optional<std::string> environment(const std::string& name);
std::string cache_folder();    // $XDG_CACHE_HOME or ~/.cache, then /holdfast; made by whoever writes there
std::string state_folder();    // $XDG_STATE_HOME or ~/.local/state, then /holdfast; what must outlive caches; made likewise
std::string config_folder();   // $XDG_CONFIG_HOME or ~/.config, then /holdfast; likewise
std::string working_folder();  // "." when it has been removed
std::string home_folder();     // $HOME, else the user's; empty when there is none
std::string host_name();
std::uint32_t user_id();       // the effective one
bool is_superuser();           // by the effective user id
std::string user_name();       // by the effective user id; the number when it has no name

}  // namespace holdfast::host
