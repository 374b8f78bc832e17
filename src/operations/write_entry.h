// write_entry(): a file or a link of a companion as a new one, with the mode, the time and, where it may, the owner it had.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

// Of restored files: those of whoever restores, or as in the backup, where this process may.
enum class Owners { ours, as_in_backup };

// Of many things that this process may not give away: people are told once.
class OwnersRefused {
public:
    // of: its path; why: empty where it was given to its owner, or is ours.
    void add(const std::string& of, const std::string& why);
    std::vector<std::string> warnings() const;  // one, or none

private:
    std::string first_, why_;
    std::uint64_t count_ = 0;
};

// Files that are made durable together: many small ones cost the disk one turn so, and not one each; of a large one, which is on its
// way to the disk already, nobody waits for the end while the next is written.
class SyncTogether {
public:
    explicit SyncTogether(host::FileSystem& files) : files_(files) {}
    void add_small(std::unique_ptr<host::File> file, const std::string& path);
    Result<void> add_large(std::unique_ptr<host::File> file);
    Result<void> sync();  // all that were added; they lie on one file system

private:
    host::FileSystem& files_;
    std::string folder_;                             // of one of the small ones
    std::vector<std::unique_ptr<host::File>> few_;   // as long as they are
    std::vector<std::unique_ptr<host::File>> large_;
    enum class Are { few, many } are_ = Are::few;
};

struct EntryPlace {
    std::string path;            // nothing is there yet
    Owners owners = Owners::ours;
    SyncTogether* together = nullptr;  // where files are added instead of being synced
    std::string meant = {};      // the path that it is for, for messages; empty: the same
    std::uint64_t written_before = 0;  // bytes of other files, for the progress that is told
};
struct WrittenEntry {
    std::uint64_t bytes = 0;
    std::string owner_refused;   // why it could not be given to its owner; empty: it was, or is ours
};
// Every byte is proven as it comes out of the repository, is durable (or will be, with others), and has been read back and
// compared; large files by the threads of the repository's pool. After a failure there may be a part of it. The index is open.
// `corrupt`: names the file, as do all others; `exists`.
Result<WrittenEntry> write_entry(Context& context, OpenRepository& opened, const repository::DirectoryEntry& entry, const EntryPlace& place);

}  // namespace holdfast::operations
