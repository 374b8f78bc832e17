// What a backup records of a database at its freeze, beside its bytes.
#pragma once

#include "holdfast/live/freeze.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

struct FrozenDatabase {
    live::FreezeFacts facts;
    SchemaFacts schema;
    std::uint32_t page_count = 0;  // of the image
    std::string schema_version;    // what the source's own query answered
};
// The entry of a member, but for its content.
repository::DirectoryEntry entry_of(const std::string& path, const FrozenDatabase& frozen);

// The header disagrees with the image: adds the finding. A file cut short is the damage that costs least to see.
void judge_header(FrozenDatabase& frozen);

}  // namespace holdfast::operations
