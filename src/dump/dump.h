// What a dump says of itself, and what came of writing one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/base/time.h"

namespace holdfast::dump {

// Where its rows are from. Texts that are not known are empty, and not written.
struct Origin {
    std::string database;  // its file's name
    std::string source;    // its name in the settings
    std::string machine;   // whose history it is
    Timestamp time;        // the moment it holds
};

struct DumpedTable {
    std::string name;
    std::uint64_t rows = 0;
};
struct DumpReport {
    std::vector<DumpedTable> tables;  // those with rows of their own
    std::uint64_t rows = 0, bytes = 0;
    std::vector<std::string> unreadable;  // what is not in it although it was meant, and why
};

}  // namespace holdfast::dump
