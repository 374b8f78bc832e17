// The versions of the libraries behind this room, for bug reports.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace holdfast {

std::vector<std::pair<std::string, std::string>> library_versions();  // {"zstd", "1.5.4"}, as they run now

}  // namespace holdfast
