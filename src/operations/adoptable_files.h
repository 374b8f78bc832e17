// The files that an adoption is about: those named, and those in the folders named that are backups by their content.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct AdoptableFile {
    std::string path;       // canonical
    std::vector<std::string> folders = {};  // names of those above it up to the one that was named, the nearest first; of a file that was named its own
    Timestamp about{};      // when it was made, as far as its name or the file's time tells: for the order only
    bool is_named = false;  // by a person: that it is no backup is an error, and no reason to pass it over
};
struct AdoptableFiles {
    std::vector<AdoptableFile> files;  // oldest first, each once
    std::uint64_t passed_over = 0;     // files in folders that are none
    std::vector<std::string> warnings;
};
// Folders are read to a depth of 16. Repositories, and `excepted` (the live database), are passed over.
Result<AdoptableFiles> adoptable_files(Context& context, const std::vector<std::string>& names, const std::string& excepted);

}  // namespace holdfast::operations
