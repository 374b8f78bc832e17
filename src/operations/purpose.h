// Purpose: why a backup is made, read from the request and compared with what snapshots say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "holdfast/operations/purpose_request.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

using Tags = std::vector<std::pair<std::string, std::string>>;

struct Purpose {
    repository::SnapshotKind kind = repository::SnapshotKind::manual;
    std::string operation;
    std::string comment;  // never empty: without one, the kind's own
    Tags tags;
    bool is_said = false;  // the request gives a comment or tags
};
// `invalid`: an unknown kind, a tag without a key, a text that is too long.
Result<Purpose> purpose_of(const PurposeRequest& request);

Result<Tags> parse_tags(const std::vector<std::string>& texts);
Result<repository::SnapshotKind> parse_kind(const std::string& text);  // manual, automatic, safety
std::string_view name_of(repository::SnapshotKind kind);

// Whether the snapshot says all that a backup with this purpose would.
bool serves(const repository::Snapshot& snapshot, const Purpose& purpose);

}  // namespace holdfast::operations
