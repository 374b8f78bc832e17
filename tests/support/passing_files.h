// PassingFiles: passes everything on to another file system; a test's own overrides what it wants otherwise.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::tests {

class PassingFiles : public host::FileSystem {
public:
    explicit PassingFiles(host::FileSystem& files = host::posix_file_system()) : files_(files) {}

    Result<std::unique_ptr<host::File>> open_to_read(const std::string& path) override { return files_.open_to_read(path); }
    Result<std::unique_ptr<host::File>> open_to_read_unfollowed(const std::string& path) override { return files_.open_to_read_unfollowed(path); }
    Result<std::unique_ptr<host::File>> open_to_write(const std::string& path) override { return files_.open_to_write(path); }
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override { return files_.create(path, mode); }
    Result<host::ClonedFile> clone_unfollowed(const std::string& path) override { return files_.clone_unfollowed(path); }
    Result<void> link(const std::string& existing, const std::string& name) override { return files_.link(existing, name); }
    Result<void> make_link(const std::string& target, const std::string& path) override { return files_.make_link(target, path); }
    Result<void> rename_if_absent(const std::string& from, const std::string& to) override { return files_.rename_if_absent(from, to); }
    Result<void> rename(const std::string& from, const std::string& to) override { return files_.rename(from, to); }
    Result<void> remove(const std::string& path) override { return files_.remove(path); }
    Result<void> make_folder(const std::string& path, std::uint32_t mode) override { return files_.make_folder(path, mode); }
    Result<void> remove_folder(const std::string& path) override { return files_.remove_folder(path); }
    Result<std::vector<std::string>> list(const std::string& folder) override { return files_.list(folder); }
    Result<host::FileStatus> status(const std::string& path) override { return files_.status(path); }
    Result<host::FileStatus> status_of_link(const std::string& path) override { return files_.status_of_link(path); }
    Result<std::string> canonical(const std::string& path) override { return files_.canonical(path); }
    Result<std::string> read_link(const std::string& path) override { return files_.read_link(path); }
    Result<void> sync_folder(const std::string& path) override { return files_.sync_folder(path); }
    Result<void> sync_file_system(const std::string& path) override { return files_.sync_file_system(path); }
    Result<void> set_mode(const std::string& path, std::uint32_t mode) override { return files_.set_mode(path, mode); }
    Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) override { return files_.set_owner(path, owner, group); }
    Result<void> set_modified(const std::string& path, Timestamp time) override { return files_.set_modified(path, time); }
    bool is_mount_point(const std::string& path) override { return files_.is_mount_point(path); }
    Result<void> expect_readable(const std::string& path) override { return files_.expect_readable(path); }
    Result<void> expect_writable(const std::string& path) override { return files_.expect_writable(path); }
    Result<std::uint64_t> free_bytes(const std::string& path) override { return files_.free_bytes(path); }
    Result<std::unique_ptr<host::FileLock>> try_lock(const std::string& path) override { return files_.try_lock(path); }

protected:
    host::FileSystem& files_;
};

}  // namespace holdfast::tests
