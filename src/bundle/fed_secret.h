// What a command feeds to a program that reads a password: `echo SECRET | sudo -S`, `chpasswd <<EOF`.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace holdfast::bundle {

// Where in that line it begins: behind echo or printf, or with the sign of a heredoc. The line's size: there is none.
std::size_t start_of_fed(const std::vector<std::string_view>& lines, std::size_t at);

}  // namespace holdfast::bundle
