// The machine's files behind one door, so that tests can cut the power or fail any step. Paths are UTF-8 or raw bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/time.h"

namespace holdfast::host {

enum class FileKind { regular, folder, link, other };

// What stat() tells; enough to know a file again and to give a restored one its owner and mode back.
struct FileStatus {
    FileKind kind = FileKind::regular;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint32_t mode = 0;  // permission bits only
    std::uint32_t owner = 0;
    std::uint32_t group = 0;
    std::uint64_t links = 1;  // names that it has
    Timestamp modified;
    Timestamp changed;  // ctime
    bool operator==(const FileStatus&) const = default;
};

// An open regular file. Closing (the destructor) loses nothing that sync() acknowledged and promises nothing else.
// Reads, and writes of different bytes, may come from several threads. Never for a file that SQLite has open in this process:
// closing any descriptor of it drops the process's POSIX locks.
class File {
public:
    virtual ~File() = default;
    virtual Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const = 0;  // short only at the end
    virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
    // Where the next byte from `offset` lies that may be other than zero, at the latest the size: what lies before it is a hole.
    // Only where the file system is known to tell so of what was written a moment ago, too; else `offset`.
    virtual std::uint64_t next_data(std::uint64_t offset) const noexcept { return offset; }
    virtual Result<std::uint64_t> size() const = 0;
    virtual Result<FileStatus> status() const = 0;  // of the open file, whatever its name means by now
    virtual Result<void> resize(std::uint64_t size) = 0;
    // A hint, that promises nothing: these bytes, with a size of 0 all from there on, may go to the disk now, so that sync() and
    // write_out() find less to do.
    virtual void begin_writing_out(std::uint64_t /*offset*/, std::uint64_t /*size*/) noexcept {}
    // By the open file, not by its name: nobody can slip another file in between. `denied` when this process may not.
    virtual Result<void> set_owner(std::uint32_t owner, std::uint32_t group) = 0;
    virtual Result<void> set_mode(std::uint32_t mode) = 0;
    // Whether a write through a memory map shows in the file's times from the next write_out() on, as its pages are then
    // protected until such a write is noticed. False on file systems that may keep it to themselves, as tmpfs and those of others' machines.
    virtual bool shows_mapped_writes() const noexcept { return true; }
    virtual Result<void> write_out() { return {}; }  // what is in memory only goes to the disk; no promise for a power cut
    virtual Result<void> sync() = 0;  // bytes and size survive a power cut once this returns; a failure is final
};

// A file without a name that shares what another one held on the disk, copy on write: it takes no room until one of them is written.
struct ClonedFile {
    std::unique_ptr<File> clone;
    FileStatus original;  // by its open file, right after it was cloned
};

// Held until destroyed. Advisory, between all holders on one machine, also within one process.
class FileLock {
public:
    virtual ~FileLock() = default;
};

// Every name operation is atomic. It survives a power cut only after sync_folder() on the folder that holds the name.
// All functions are thread-safe. Errors carry the path and the system's reason; codes: not_found, exists, denied,
// full, busy, unavailable, invalid (not that kind of file, or no possible path). Modes are set exactly, whatever the
// umask; a new folder keeps a set-group-id bit that it inherits.
class FileSystem {
public:
    virtual ~FileSystem() = default;
    // Opening never waits; what is no regular file, such as a pipe, is `invalid`.
    virtual Result<std::unique_ptr<File>> open_to_read(const std::string& path) = 0;
    virtual Result<std::unique_ptr<File>> open_to_read_unfollowed(const std::string& path) = 0;  // invalid: `path` is a link
    virtual Result<std::unique_ptr<File>> open_to_write(const std::string& path) = 0;  // must exist
    virtual Result<std::unique_ptr<File>> create(const std::string& path, std::uint32_t mode) = 0;  // exists: refused
    // As it is at one instant, whoever writes to it. A link at `path` is not followed: invalid. unavailable: the file system
    // does not know how (FICLONE; btrfs does, and xfs as it is made nowadays). denied also when its folder may not be written to.
    virtual Result<ClonedFile> clone_unfollowed(const std::string& path) = 0;
    // exists: refused; unavailable: no hard links here
    virtual Result<void> link(const std::string& existing, const std::string& name) = 0;
    // A symbolic link that says `target`, whether or not there is such a thing; exists: refused.
    virtual Result<void> make_link(const std::string& target, const std::string& path) = 0;
    virtual Result<void> rename_if_absent(const std::string& from, const std::string& to) = 0;  // exists: refused
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;      // replaces `to`
    virtual Result<void> remove(const std::string& path) = 0;                             // a file or link
    virtual Result<void> make_folder(const std::string& path, std::uint32_t mode) = 0;    // exists: refused
    virtual Result<void> remove_folder(const std::string& path) = 0;                      // must be empty
    virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;         // names, unsorted
    virtual Result<FileStatus> status(const std::string& path) = 0;                       // follows links
    virtual Result<FileStatus> status_of_link(const std::string& path) = 0;               // does not
    virtual Result<std::string> canonical(const std::string& path) = 0;                   // absolute, links resolved
    virtual Result<std::string> read_link(const std::string& path) = 0;                   // invalid: not a link
    virtual Result<void> sync_folder(const std::string& path) = 0;
    // All files, names and folders of the file system that holds the folder, whoever wrote them: for many small ones this is one
    // step of the disk instead of one each.
    virtual Result<void> sync_file_system(const std::string& folder) = 0;
    virtual Result<void> set_mode(const std::string& path, std::uint32_t mode) = 0;
    // Of a file, a folder, or a link itself; may take bits of the mode away. denied: not to somebody else, but for root.
    virtual Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) = 0;
    // Of a file, a folder, or a link itself; the time of the last reading stays. A power cut may take it back.
    virtual Result<void> set_modified(const std::string& path, Timestamp time) = 0;
    // Whether something is mounted just there, also of a single file (mount --bind): such a name can neither be replaced nor
    // removed, and what lies below it not be linked or renamed to the outside, though the device may be the same. A link is not
    // followed. False also where the system does not tell, as Linux before 5.8.
    virtual bool is_mount_point(const std::string& /*path*/) { return false; }
    // `denied` when we may not read the file, or list the folder; by looking only, as the next one.
    virtual Result<void> expect_readable(const std::string& path) = 0;
    // `denied` when we may not write the file, or into the folder, or its file system is read-only. By looking only, so
    // success is no promise.
    virtual Result<void> expect_writable(const std::string& path) = 0;
    virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;  // for us, on the file system of that path
    // Creates the lock file (0600) when missing and never removes it. `busy` when another holds it.
    virtual Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) = 0;
};

// The real one (POSIX). Stateless; lives as long as the program.
FileSystem& posix_file_system();

// --- whole-file steps built from the above ---

// The bytes up to the end of the file; `corrupt` when there are more than size_max.
Result<Bytes> read_file(FileSystem& files, const std::string& path, std::uint64_t size_max);
Result<bool> exists(FileSystem& files, const std::string& path);
Result<std::optional<FileStatus>> status_if_any(FileSystem& files, const std::string& path);
// After success the file has these bytes, durably; after a failure or a power cut these or those it had (or did not
// exist), never something between. A link at `path` is replaced, not followed. A power cut may leave a file
// ".<name>.<n>.new" beside it.
Result<void> replace_atomically(FileSystem& files, const std::string& path, ByteView bytes, std::uint32_t mode);
// Creates the folder and its missing parents, durably; those that were there already are taken to be durable.
Result<void> make_folders_durably(FileSystem& files, const std::string& path, std::uint32_t mode);
// The folder with all that is in it; links are removed, not followed. Gone after success, also when it was not there.
Result<void> remove_tree(FileSystem& files, const std::string& folder);

// --- paths, as text ---
std::string join_path(std::string_view folder, std::string_view name);  // an absolute name stays as it is
std::string folder_of(std::string_view path);     // "." when there is none
std::string file_name_of(std::string_view path);  // the last part; "" of "/"
// The deepest folder above the path that exists.
Result<std::string> existing_folder_of(FileSystem& files, const std::string& path);
// The canonical path of something that need not exist yet: the deepest existing parent resolved, the rest appended.
// A link to something missing resolves to where that would be.
Result<std::string> canonical_or_future(FileSystem& files, const std::string& path);

}  // namespace holdfast::host
