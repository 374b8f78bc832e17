// DyingFiles: the real files until so many changes below a folder were made; from then on nothing changes any more, as
// if the process had been killed there, and what it would tidy up on its way out stays. Or one change alone fails.
#pragma once

#include <string>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "support/passing_files.h"

namespace holdfast::tests {

class DyingFiles final : public PassingFiles {
public:
    enum class Then { dead, well };
    DyingFiles(std::string folder, int changes, Then then = Then::dead) : folder_(std::move(folder)), left_(changes), then_(then) {}
    bool has_died() const { return has_died_; }

    Result<std::unique_ptr<host::File>> open_to_write(const std::string& path) override { return wrapped(path, files_.open_to_write(path)); }
    Result<std::unique_ptr<host::File>> create(const std::string& path, std::uint32_t mode) override {
        TRY(live(path));
        return wrapped(path, files_.create(path, mode));
    }
    Result<void> link(const std::string& existing, const std::string& name) override {
        TRY(live(name));
        return files_.link(existing, name);
    }
    Result<void> make_link(const std::string& target, const std::string& path) override {
        TRY(live(path));
        return files_.make_link(target, path);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        TRY(live(to));
        return files_.rename(from, to);
    }
    Result<void> rename_if_absent(const std::string& from, const std::string& to) override {
        TRY(live(to));
        return files_.rename_if_absent(from, to);
    }
    Result<void> remove(const std::string& path) override {
        TRY(live(path));
        return files_.remove(path);
    }
    Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
        TRY(live(path));
        return files_.make_folder(path, mode);
    }
    Result<void> remove_folder(const std::string& path) override {
        TRY(live(path));
        return files_.remove_folder(path);
    }
    Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
        TRY(live(path));
        return files_.set_mode(path, mode);
    }
    Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) override {
        TRY(live(path));
        return files_.set_owner(path, owner, group);
    }
    Result<void> set_modified(const std::string& path, Timestamp time) override {
        TRY(live(path));
        return files_.set_modified(path, time);
    }

private:
    class DyingFile final : public host::File {
    public:
        DyingFile(DyingFiles& owner, std::string path, std::unique_ptr<host::File> file) : owner_(owner), path_(std::move(path)), file_(std::move(file)) {}
        Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override { return file_->read_at(offset, into); }
        Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
            // The last one comes to half of its bytes.
            if (owner_.left_ == 0 && !owner_.has_died_ && owner_.is_below(path_)) static_cast<void>(file_->write_at(offset, bytes.first(bytes.size() / 2)));
            TRY(owner_.live(path_));
            return file_->write_at(offset, bytes);
        }
        Result<std::uint64_t> size() const override { return file_->size(); }
        Result<host::FileStatus> status() const override { return file_->status(); }
        Result<void> resize(std::uint64_t size) override {
            TRY(owner_.live(path_));
            return file_->resize(size);
        }
        Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override { return file_->set_owner(owner, group); }
        Result<void> set_mode(std::uint32_t mode) override { return file_->set_mode(mode); }
        Result<void> sync() override { return file_->sync(); }

    private:
        DyingFiles& owner_;
        std::string path_;
        std::unique_ptr<host::File> file_;
    };

    Result<std::unique_ptr<host::File>> wrapped(const std::string& path, Result<std::unique_ptr<host::File>> file) {
        if (!file) return file;
        return std::unique_ptr<host::File>(std::make_unique<DyingFile>(*this, path, std::move(*file)));
    }
    bool is_below(const std::string& path) const { return path.starts_with(folder_ + "/"); }
    Result<void> live(const std::string& path) {
        const bool is_well = has_died_ && then_ == Then::well;
        if (!is_below(path) || is_well) return {};
        if (left_ > 0) {
            --left_;
            return {};
        }
        has_died_ = true;
        return fail(ErrorCode::full, "change {}: this fails", path);
    }

    std::string folder_;
    int left_;
    Then then_;
    bool has_died_ = false;
};

}  // namespace holdfast::tests
