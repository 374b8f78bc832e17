// outcome: one table from ErrorCode to exit codes and HTTP statuses. Meanings never change.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::operations {

int exit_code_of(ErrorCode code);
int http_status_of(ErrorCode code);
constexpr int exit_code_missed = 12;
constexpr int exit_code_partial = 3;
constexpr int exit_code_warnings = 13;
constexpr int exit_code_faults = 14;
constexpr int exit_code_differs = 15;

struct ExitCodeRow {
    int code;
    std::string_view meaning;
};
const std::vector<ExitCodeRow>& exit_codes();  // ascending, every code the program can end with

std::string library_versions();  // lines "sqlite 3.40.1", for --version and bug reports

}  // namespace holdfast::operations
