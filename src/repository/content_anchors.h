// Anchors: marks in content that are found again wherever it moves to, for finding what resembles it.
#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::repository {

// Hashes of those runs of 24 bytes whose hash says so: about one in 128 places, whatever lies before or behind. Without
// duplicates, ascending. Sampling as of Manber, "Finding Similar Files in a Large File System" (1994).
std::vector<std::uint32_t> anchors_of(ByteView bytes);

}  // namespace holdfast::repository
