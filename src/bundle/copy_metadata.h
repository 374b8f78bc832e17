// CopyMetadata: a JSON list of the copies in a folder, for applications that read one: {"backups": [...], "next_id": N}.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bundle/copy_records.h"

namespace holdfast::bundle {

struct CopyMetadataOrder {
    std::string folder;            // absolute, for backup_path
    std::string_view before;       // the file's content now; empty: there is none
    const std::vector<CopyRecord>* ours = nullptr;  // every copy of ours that the folder had, whether it stays or goes
    std::function<bool(const std::string& path)> is_there;  // is asked of absolute paths
};

// Each entry has backup_id, timestamp (local, without a zone), backup_path, comment, is_auto, size_bytes, original_path. The
// records (without the ones of `latest`) are what it lists; one without an id gets its backup's number, or the next
// free one. Entries of others, whose files are still there, stay as they are; those of files that have gone are dropped.
// next_id never falls. `invalid`: what is there is JSON, but no such list: it is not ours to replace. What is no JSON at
// all has been lost, and is made anew.
Result<std::string> copy_metadata(std::vector<CopyRecord>& records, const CopyMetadataOrder& order);

}  // namespace holdfast::bundle
