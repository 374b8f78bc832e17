// Texts of holdfast.toml as values, and back: sizes, paths, database URLs, ${VARIABLES}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/error.h"
#include "holdfast/operations/settings_description.h"

namespace holdfast::operations {

// "500MB" (powers of 1000), "5GiB" (powers of 1024), "0". `invalid` explains the form.
Result<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t bytes);         // "5GiB"; parse_size() reads it
std::string duration_text(std::int64_t seconds);    // "30d"; parse_duration_s() reads it

// Where relative paths begin, and what "~" is.
struct PathBase {
    std::string folder;  // absolute
    std::string home;    // empty: not known
};
// Absolute, "." and empty parts taken out; links and ".." stay as they are. `invalid`: empty, "~name", no home.
Result<std::string> absolute_path(std::string_view text, const PathBase& base);
// As absolute_path(), also for URLs of SQLite and Prisma: file:app.db, file:./app.db?mode=ro, file:///srv/app.db, with %XX.
// `invalid`: another kind of database, a host, one in memory.
Result<std::string> database_path(std::string_view text, const PathBase& base);

struct Expanded {
    std::string text;
    std::vector<std::string> variables;  // those it names
    std::vector<std::string> missing;    // of these, those that are not set, or empty
};
// ${NAME} is the environment variable, ${NAME:-text} is the text where it is not set or empty, $${ is "${". `invalid`: what follows ${ is no name.
Result<Expanded> expand_variables(std::string_view text);

// As it would stand in the file: quoted, with escapes.
std::string toml_text(std::string_view text);
std::string toml_key(std::string_view key);  // quoted only where it has to be
std::string toml_value(std::uint64_t value, Form form);  // a size, or a count
std::string toml_list(const std::vector<std::string>& texts);

}  // namespace holdfast::operations
