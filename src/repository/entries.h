// What a snapshot holds, entry by entry: its members, its companions, and what lies in their folders.
#pragma once

#include <functional>

#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

// What lies in a folder, by name. corrupt, not_found: its listing cannot be read, or is none.
Result<std::vector<DirectoryEntry>> read_folder(const ChunkReader& chunks, const DirectoryEntry& folder);

// path: the companion's name, and the names below it.
struct EntryVisit {
    std::function<Result<void>(const std::string& path, const DirectoryEntry& entry)> entry;
    // Optional: false leaves out what lies in the folder.
    std::function<bool(const DirectoryEntry& folder)> enter = {};
    // Optional: told of a folder whose listing cannot be read; without it the error ends the visit.
    std::function<void(const std::string& path, const DirectoryEntry& folder, const Error& why)> damaged = {};
};
// A folder before what lies in it, which comes in the order of names.
Result<void> visit_entries(const ChunkReader& chunks, const Snapshot& snapshot, const EntryVisit& visit);
// The same below one entry, itself included.
Result<void> visit_entries(const ChunkReader& chunks, const DirectoryEntry& top, const EntryVisit& visit);

// Paths within a companion: "a/b" of "a/b/c", and of "a" the companion itself, which is "".
std::string folder_of_entry(const std::string& path);
std::string name_of_entry(const std::string& path);  // "c" of "a/b/c"

}  // namespace holdfast::repository
