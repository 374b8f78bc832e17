// The commented file that init writes, and the reference page: both made from the description of the settings.
#pragma once

#include <string>
#include <vector>

namespace holdfast::operations {

struct NewSource {
    std::string name, database;
};
struct NewFileText {
    std::string repository;
    std::string key_file, password_file, password_command;  // empty: not given
    std::vector<NewSource> sources;
};
// Every key of the reference: those of the plan live, all others commented out as "#key = value" (remarks are "# remark").
std::string new_settings_file(const NewFileText& plan);

// The lines of [repository], as they stand in such a file.
std::string repository_keys(const NewFileText& plan);

std::string settings_reference();  // docs/guide/settings.md

}  // namespace holdfast::operations
