// RefusingFiles: the real files, of which some folders cannot be written: for read-only places, also when tests run as
// root.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "support/passing_files.h"

namespace holdfast::tests {

class RefusingFiles final : public PassingFiles {
public:
    std::vector<std::string> read_only;  // folders, with all below them
    std::vector<std::string> unreadable;  // files and folders
    std::optional<std::uint64_t> free;  // bytes that shall seem to be free, everywhere
    std::map<std::string, std::uint32_t> owners;  // of paths that shall seem to be another user's

    Result<std::unique_ptr<host::File>> open_to_read_unfollowed(const std::string& path) override {
        TRY(ask_to_read(path));
        return files_.open_to_read_unfollowed(path);
    }
    Result<std::vector<std::string>> list(const std::string& folder) override {
        TRY(ask_to_read(folder));
        return files_.list(folder);
    }
    Result<std::unique_ptr<host::File>> open_to_write(const std::string& path) override {
        TRY(ask(path));
        return files_.open_to_write(path);
    }
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override {
        TRY(ask(path));
        return files_.create(path, mode);
    }
    Result<void> link(const std::string& existing, const std::string& name) override {
        TRY(ask(name));
        return files_.link(existing, name);
    }
    Result<void> make_link(const std::string& target, const std::string& path) override {
        TRY(ask(path));
        return files_.make_link(target, path);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        TRY(ask(to));
        return files_.rename(from, to);
    }
    Result<void> rename_if_absent(const std::string& from, const std::string& to) override {
        TRY(ask(to));
        return files_.rename_if_absent(from, to);
    }
    Result<void> remove(const std::string& path) override {
        TRY(ask(path));
        return files_.remove(path);
    }
    Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
        TRY(ask(path));
        return files_.make_folder(path, mode);
    }
    Result<void> remove_folder(const std::string& path) override {
        TRY(ask(path));
        return files_.remove_folder(path);
    }
    Result<host::FileStatus> status(const std::string& path) override { return as_pretended(path, files_.status(path)); }
    Result<host::FileStatus> status_of_link(const std::string& path) override { return as_pretended(path, files_.status_of_link(path)); }
    Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
        TRY(ask(path));
        return files_.set_mode(path, mode);
    }
    Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) override {
        TRY(ask(path));
        return files_.set_owner(path, owner, group);
    }
    Result<void> set_modified(const std::string& path, Timestamp time) override {
        TRY(ask(path));
        return files_.set_modified(path, time);
    }
    Result<void> expect_writable(const std::string& path) override {
        TRY(ask(path));
        return files_.expect_writable(path);
    }
    Result<std::uint64_t> free_bytes(const std::string& path) override { return free ? Result<std::uint64_t>(*free) : files_.free_bytes(path); }
    Result<std::unique_ptr<host::FileLock>> try_lock(const std::string& path) override {
        TRY(ask(path));
        return files_.try_lock(path);
    }

private:
    Result<host::FileStatus> as_pretended(const std::string& path, Result<host::FileStatus> status) const {
        const auto at = owners.find(path);
        if (status && at != owners.end()) status->owner = at->second;
        return status;
    }
    Result<void> ask_to_read(const std::string& path) const {
        if (std::ranges::find(unreadable, path) == unreadable.end()) return {};
        return fail(ErrorCode::denied, "open {}: permission denied", path);
    }
    Result<void> ask(const std::string& path) const {
        const auto holds = [&](const std::string& folder) { return path == folder || path.starts_with(folder + "/"); };
        if (std::ranges::none_of(read_only, holds)) return {};
        return fail(ErrorCode::denied, "write {}: read-only", path);
    }
};

}  // namespace holdfast::tests
