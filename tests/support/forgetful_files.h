// ForgetfulFiles: a file system that says yes to a sync and does nothing, for proving that tests notice.
#pragma once

#include <functional>
#include <utility>

#include "holdfast/host/file_system.h"
#include "support/passing_files.h"

namespace holdfast::tests {

class ForgetfulFiles final : public PassingFiles {
public:
    // Which paths are synced; a file is asked for by the path it was opened with.
    using Syncs = std::function<bool(const std::string& path)>;
    ForgetfulFiles(host::FileSystem& files, Syncs syncs_file, Syncs syncs_folder)
        : PassingFiles(files), syncs_file_(std::move(syncs_file)), syncs_folder_(std::move(syncs_folder)) {}

    Result<std::unique_ptr<host::File>> open_to_write(const std::string& path) override {
        return forgetful(path, files_.open_to_write(path));
    }
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override {
        return forgetful(path, files_.create(path, mode));
    }
    Result<void> sync_folder(const std::string& path) override {
        return syncs_folder_(path) ? files_.sync_folder(path) : Result<void>();
    }

    Result<void> sync_file_system(const std::string&) override { return {}; }

private:
    class ForgetfulFile final : public host::File {
    public:
        ForgetfulFile(std::unique_ptr<host::File> file, bool syncs) : file_(std::move(file)), syncs_(syncs) {}
        Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override {
            return file_->read_at(offset, into);
        }
        Result<void> write_at(std::uint64_t offset, ByteView bytes) override { return file_->write_at(offset, bytes); }
        Result<std::uint64_t> size() const override { return file_->size(); }
        Result<host::FileStatus> status() const override { return file_->status(); }
        Result<void> resize(std::uint64_t size) override { return file_->resize(size); }
        Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override { return file_->set_owner(owner, group); }
        Result<void> set_mode(std::uint32_t mode) override { return file_->set_mode(mode); }
        Result<void> sync() override { return syncs_ ? file_->sync() : Result<void>(); }

    private:
        std::unique_ptr<host::File> file_;
        bool syncs_;
    };

    Result<std::unique_ptr<host::File>> forgetful(const std::string& path, Result<std::unique_ptr<host::File>> file) {
        if (!file) return file;
        return std::unique_ptr<host::File>(
            std::make_unique<ForgetfulFile>(std::move(file).value(), syncs_file_(path)));
    }

    Syncs syncs_file_, syncs_folder_;
};

}  // namespace holdfast::tests
