// The command line as one call: words in, exit code out.
#pragma once

#include <string>
#include <vector>

namespace holdfast::cli {

// Writes results to standard output, errors and progress to standard error.
int run(const std::vector<std::string>& words);

}  // namespace holdfast::cli
