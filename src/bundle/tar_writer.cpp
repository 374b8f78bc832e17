#include "holdfast/bundle/tar_writer.h"

#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archive_library.h"

namespace holdfast::bundle {
namespace {

// Where libarchive pushes to; called by C.
struct Target {
    ByteSink* sink = nullptr;
    std::optional<Error> failure;

    la_ssize_t push(const void* bytes, std::size_t size) noexcept {
        auto written = sink->write({static_cast<const std::byte*>(bytes), size});
        if (written) return static_cast<la_ssize_t>(size);
        failure = std::move(written).error();
        return -1;
    }
};

la_ssize_t push_to(archive*, void* target, const void* bytes, std::size_t size) noexcept { return static_cast<Target*>(target)->push(bytes, size); }

class LibraryWriter final : public TarWriter {
public:
    LibraryWriter(const ArchiveLibrary& library, ByteSink& sink) : library_(library) { target_.sink = &sink; }
    ~LibraryWriter() override {
        if (entry_ != nullptr) library_.entry_free(entry_);
        if (archive_ == nullptr) return;
        target_.sink = &nowhere_;  // libarchive closes what was not closed, and that would write
        library_.write_free(archive_);
    }

    Result<void> open() {
        archive_ = library_.write_new();
        if (archive_ == nullptr) return fail(ErrorCode::unavailable, "write a tar: no memory");
        TRY(step(library_.write_set_format_pax_restricted(archive_)));
        return step(library_.write_open(archive_, &target_, nullptr, &push_to, nullptr));
    }
    Result<void> begin(const TarEntry& entry) override {
        TRY(end_member());
        entry_ = library_.entry_new();
        library_.entry_set_pathname(entry_, entry.name.c_str());
        library_.entry_set_filetype(entry_, entry.kind == TarKind::folder ? AE_IFDIR : entry.kind == TarKind::link ? AE_IFLNK : AE_IFREG);
        if (entry.kind == TarKind::link) library_.entry_set_symlink(entry_, entry.link_target.c_str());
        library_.entry_set_perm(entry_, entry.mode);
        library_.entry_set_size(entry_, static_cast<la_int64_t>(entry.size));
        library_.entry_set_mtime(entry_, entry.modified.nanoseconds / nanoseconds_per_second, 0);
        rest_ = entry.size;
        return step(library_.write_header(archive_, entry_));
    }
    Result<void> write(ByteView bytes) override {
        HOLDFAST_ASSERT(bytes.size() <= rest_);
        rest_ -= bytes.size();
        while (!bytes.empty()) {
            const la_ssize_t written = library_.write_data(archive_, bytes.data(), bytes.size());
            if (written <= 0) return trouble();
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
        return {};
    }
    Result<void> finish() override {
        TRY(end_member());
        return step(library_.write_close(archive_));
    }

private:
    Result<void> end_member() {
        if (entry_ == nullptr) return {};
        HOLDFAST_ASSERT(rest_ == 0);
        TRY(step(library_.write_finish_entry(archive_)));
        library_.entry_free(std::exchange(entry_, nullptr));
        return {};
    }
    Result<void> step(int code) {
        if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return {};
        return trouble();
    }
    Error trouble() {
        if (target_.failure) return target_.failure->copy();
        const char* const why = library_.error_string(archive_);
        return fail(ErrorCode::invalid, "write a tar: {}", printable(why != nullptr ? why : "libarchive does not say why"));
    }
    struct Nowhere final : ByteSink {
        Result<void> write(ByteView) override { return {}; }
        Result<void> finish() override { return {}; }
    };

    const ArchiveLibrary& library_;
    Nowhere nowhere_;
    Target target_;
    archive* archive_ = nullptr;
    archive_entry* entry_ = nullptr;
    std::uint64_t rest_ = 0;
};

}  // namespace

Result<std::unique_ptr<TarWriter>> TarWriter::open(ByteSink& sink) {
    const ArchiveLibrary* const library = TRY(archive_library());
    auto writer = std::make_unique<LibraryWriter>(*library, sink);
    TRY(writer->open());
    return std::unique_ptr<TarWriter>(std::move(writer));
}

}  // namespace holdfast::bundle
