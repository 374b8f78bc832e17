// is_unchangeable(): whether a file or folder is marked so that nobody may change, rename or remove it, root neither (chattr +i, +a).
#pragma once

#include <string>

namespace holdfast::host {

// Of the path itself: of a link, the link. False where the file system has no such marks, or nothing is there.
bool is_unchangeable(const std::string& path);

}  // namespace holdfast::host
