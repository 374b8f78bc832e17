// ProgramFiles: the files whose code a process runs: its program, and libraries that it has loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct ProgramFile {
    std::string name;    // as the process sees it: "/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6"
    std::string path;    // by which it can be read here, in whatever mount namespace the process lives
    bool is_program = false;  // the program itself
    bool is_gone = false;     // it was replaced since (an upgrade): what is there now is not what runs
};
// Each once. `denied`: not of our process; not_found: it has ended.
Result<std::vector<ProgramFile>> program_files_of(std::int64_t process);

}  // namespace holdfast::host
