// FileTree: companions as a backup holds them, or as they lie there now, so that either can be walked beside another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/operations/companions.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Bytes of a file, as read() last found them.
class OpenedFile {
public:
    virtual ~OpenedFile() = default;
    virtual Result<void> read(std::uint64_t offset, MutableByteView into) const = 0;
    // Asked after the last byte: what was read is one state of the file, and the one that the tree tells of.
    virtual Result<bool> is_as_it_was() const = 0;
};

class FileTree {
public:
    virtual ~FileTree() = default;
    virtual const std::vector<repository::DirectoryEntry>& tops() const = 0;  // by name, which is the whole path
    // What lies in a folder, by name.
    virtual Result<std::vector<repository::DirectoryEntry>> folder(const std::string& path, const repository::DirectoryEntry& entry) const = 0;
    virtual Result<std::unique_ptr<OpenedFile>> open(const std::string& path, const repository::DirectoryEntry& entry) const = 0;
    // Equal contents of two trees that know them are equal values. One that does not knows the size alone.
    virtual bool knows_contents() const = 0;
    // When what it tells was looked at, at the earliest.
    virtual Timestamp began() const = 0;
    // Nothing was written to the file, nor its name or times changed, since that time; false: perhaps.
    virtual bool is_untouched_since(const std::string& path, Timestamp time) const = 0;
    // Paths that could not be looked at: nobody knows what is there, or below. And each in words.
    virtual const std::vector<std::string>& unknown() const = 0;
    virtual const std::vector<std::string>& unknown_in_words() const = 0;
};

// The repository's index is open, and outlives the tree.
std::unique_ptr<FileTree> kept_files(const repository::Repository& repository, const repository::Snapshot& snapshot);
// By one look. A companion that is not there has no top. `cancelled`.
Result<std::unique_ptr<FileTree>> live_files(Context& context, const std::vector<CompanionPlan>& plans);

}  // namespace holdfast::operations
