// A file that SQLite refuses to read, as bytes for the repository. Read through SQLite's VFS, so that no lock of this
// process is lost.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/content_writer.h"
#include "holdfast/repository/snapshot.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::operations {

class RawFileSource final : public repository::ByteSource {
public:
    // A database, or one of its sidecars (-wal, -journal) by its name.
    static Result<RawFileSource> open(Context& context, const std::string& path);
    std::uint64_t size() const override { return entry_.content.size; }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override { return file_.read(offset, into); }
    const repository::DirectoryEntry& entry() const { return entry_; }  // of kind raw; without its content

private:
    RawFileSource(sqlite::RawFile file, repository::DirectoryEntry entry) : file_(std::move(file)), entry_(std::move(entry)) {}
    sqlite::RawFile file_;
    repository::DirectoryEntry entry_;
};

}  // namespace holdfast::operations
