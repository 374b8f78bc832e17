#include "holdfast/bundle/sinks.h"

#include "holdfast/base/text.h"
#include "holdfast/host/standard_output.h"

namespace holdfast::bundle {
namespace {

class StandardOutput final : public ByteSink {
public:
    Result<void> write(ByteView bytes) override { return host::write_to_standard_output(bytes); }
    Result<void> finish() override { return {}; }
};

// A file beside its future place, removed unless it got its name.
class NamelessFile {
public:
    NamelessFile(host::Host host, const OutputRequest& request)
        : host_(host), request_(request), aside_(host::join_path(host::folder_of(request.path), format(".{}.{:016x}.new", host::file_name_of(request.path).substr(0, 200), host::random_u64(host.random)))) {}
    NamelessFile(const NamelessFile&) = delete;
    NamelessFile& operator=(const NamelessFile&) = delete;
    ~NamelessFile() {
        if (!has_name_) static_cast<void>(host_.files.remove(aside_).ok());
    }
    const std::string& aside() const { return aside_; }
    Result<void> take_name() {
        auto named = request_.replace ? host_.files.rename(aside_, request_.path) : host_.files.rename_if_absent(aside_, request_.path);
        if (!named && named.error().code() == ErrorCode::unavailable && !TRY(host::exists(host_.files, request_.path))) {
            named = host_.files.rename(aside_, request_.path);
        }
        TRY(std::move(named));
        has_name_ = true;
        return host_.files.sync_folder(host::folder_of(request_.path));
    }

private:
    host::Host host_;
    OutputRequest request_;
    std::string aside_;
    bool has_name_ = false;
};

class FileOutput final : public ByteSink {
public:
    FileOutput(host::Host host, const OutputRequest& request) : host_(host), nameless_(host, request), mode_(request.mode) {}
    Result<void> open() {
        file_ = TRY(host_.files.create(nameless_.aside(), only_mine));
        return {};
    }
    Result<void> write(ByteView bytes) override {
        TRY(file_->write_at(at_, bytes));
        file_->begin_writing_out(at_, bytes.size());
        at_ += bytes.size();
        return {};
    }
    Result<void> finish() override {
        if (mode_ != only_mine) TRY(file_->set_mode(mode_));
        TRY(file_->sync());
        file_.reset();
        return nameless_.take_name();
    }

private:
    host::Host host_;
    NamelessFile nameless_;
    static constexpr std::uint32_t only_mine = 0600;
    std::uint32_t mode_;
    std::unique_ptr<host::File> file_;
    std::uint64_t at_ = 0;
};

class EncryptedFile final : public ByteSink {
public:
    EncryptedFile(host::Host host, const OutputRequest& request) : host_(host), nameless_(host, request) {}
    Result<void> open(const Recipient& recipient, std::stop_token stop) {
        program_ = TRY(encrypting(host_.files, recipient, nameless_.aside(), std::move(stop)));
        return {};
    }
    Result<void> write(ByteView bytes) override { return program_->write(bytes); }
    Result<void> finish() override {
        TRY(program_->finish());
        TRY(TRY(host_.files.open_to_write(nameless_.aside()))->sync());
        return nameless_.take_name();
    }

private:
    host::Host host_;
    NamelessFile nameless_;
    std::unique_ptr<ByteSink> program_;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> open_output(host::Host host, const OutputRequest& request, std::stop_token stop) {
    if (request.path == "-") {
        if (!request.recipient.is_none()) return encrypting(host.files, request.recipient, "", std::move(stop));
        return std::unique_ptr<ByteSink>(std::make_unique<StandardOutput>());
    }
    constexpr std::uint32_t folder_mode = 0755;
    const auto there = host.files.status_of_link(request.path);
    if (there && !request.replace) {
        return fail(ErrorCode::exists, "write {}: it is there already", printable(request.path)).with_advice("another path, or --force");
    }
    if (there && there->kind != host::FileKind::regular) {
        return fail(ErrorCode::invalid, "write {}: something that is not a file is there", printable(request.path)).with_advice("another path");
    }
    TRY(host::make_folders_durably(host.files, host::folder_of(request.path), folder_mode));
    if (!request.recipient.is_none()) {
        auto file = std::make_unique<EncryptedFile>(host, request);
        TRY(file->open(request.recipient, std::move(stop)));
        return std::unique_ptr<ByteSink>(std::move(file));
    }
    auto file = std::make_unique<FileOutput>(host, request);
    TRY(file->open());
    return std::unique_ptr<ByteSink>(std::move(file));
}

}  // namespace holdfast::bundle
