// A kept database as it may be given away: in a private file, with the columns that the settings name scrubbed.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/scrub.h"

namespace holdfast::operations {

struct ScrubOrder {
    std::vector<sqlite::ScrubRule> rules;
    std::string folder;  // private, with room for twice the database
};
struct ScrubbedDatabase {
    std::string path;
    std::uint64_t size = 0;
    Hash sha256{};
    sqlite::ScrubReport report;
};
// Hashed values are the same in all bundles of one repository; who does not have the repository cannot try values.
// Errors: those of sqlite::scrub(), and of writing.
Result<ScrubbedDatabase> scrubbed_database(Context& context, OpenRepository& opened, const sqlite::Image& image, const ScrubOrder& order);

}  // namespace holdfast::operations
