// Directories: the entries of a set tree as records, and what is known of a database (docs/formats/repository.md, 8).
#pragma once

#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

// Ordered by name here, whatever their order. invalid: two entries of one name, a name too long or empty, too many.
Result<Bytes> encode_directory(const std::vector<DirectoryEntry>& entries);
// root_node is left empty: it lies beside the directory.
Result<std::vector<DirectoryEntry>> decode_directory(ByteView record);

Bytes encode_rules(const CompanionRules& rules);
Result<CompanionRules> decode_rules(ByteView record);

}  // namespace holdfast::repository
