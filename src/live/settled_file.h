// SettledFile: a file read between two looks, so that what was read is known to be one state of it, or known not to be; or a
// clone of it, that nobody writes to.
#pragma once

#include <memory>
#include <string>

#include "holdfast/host/file_system.h"

namespace holdfast::live {

// One thread, or several that only read. Never for a file that SQLite may have open in this process (host::File says why).
//
// A change shows in size, times, inode or device; one through a memory map does if the file was settle()d before it was
// looked at.
class SettledFile {
public:
    // `path` is not followed if it is a link. `busy` when the file is no longer as `expected`, which a walk saw, or is a link or a
    // folder now; not_found; denied.
    static Result<SettledFile> open(host::FileSystem& files, const std::string& path, const host::FileStatus& expected);

    // As it lies there when it is opened, whatever a walk saw, with the bytes that it has then: one that grows can be read so far,
    // of one that is rewritten parts of two states may be read. Errors as open().
    static Result<SettledFile> open_as_it_is(host::FileSystem& files, const std::string& path);

    // One whose state does not change from here on. `unavailable` and `denied` where none can be had (host::FileSystem); else as open().
    static Result<SettledFile> clone(host::FileSystem& files, const std::string& path, const host::FileStatus& expected);

    std::uint64_t size() const { return expected_.size; }
    // Exactly into.size() bytes, of those before size(). `busy` when the file has become shorter.
    Result<void> read(std::uint64_t offset, MutableByteView into) const;
    // Where the next byte lies that may be other than zero (host::File).
    std::uint64_t next_data(std::uint64_t offset) const noexcept;
    // Asked after the last byte: the open file, and the name, are what was expected; what was read is then what was there
    // at the walk. False also when the name is gone. Always true of a clone.
    Result<bool> is_as_it_was() const;

private:
    SettledFile(host::FileSystem& files, std::string path, const host::FileStatus& expected) : files_(&files), path_(std::move(path)), expected_(expected) {}

    host::FileSystem* files_;
    std::string path_;
    host::FileStatus expected_;
    std::unique_ptr<host::File> file_;
    bool is_clone_ = false;
};

// A program that maps a file and writes to memory moves its times with the first write to a page only, not with those that
// follow before the system has written the page out.
enum class Settling {
    settled,  // it is as `expected`, and whatever is written to it from now on shows
    changed,  // it is not, or is gone
    hidden,   // it is, but what is written to it through a map may not show
};
// `path` is not followed if it is a link. Errors of writing out what programs have written: denied, full, unavailable.
Result<Settling> settle(host::FileSystem& files, const std::string& path, const host::FileStatus& expected);

// A hint, that promises nothing: settle() of this file will come. For many files, so that the disk is not waited for with each.
void begin_settling(host::FileSystem& files, const std::string& path) noexcept;

// The same file, with nothing written to it in between, as far as its status tells.
bool is_same_state(const host::FileStatus& a, const host::FileStatus& b);

// Whether the file changed so shortly before it was looked at (or after, as clocks differ) that one more change might get
// the same time, and not show: file systems count time in steps. Who needs to know waits, and looks again.
bool is_too_young(const host::FileStatus& status, Timestamp looked_at);
constexpr std::int64_t young_ms = 20;  // two steps of the slowest clock that Linux is built with

}  // namespace holdfast::live
