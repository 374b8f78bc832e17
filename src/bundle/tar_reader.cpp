#include "holdfast/bundle/tar_reader.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/bundle/archive_library.h"

namespace holdfast::bundle {
namespace {

constexpr std::size_t piece = 128 * 1024;
constexpr std::size_t end_size = 1024;  // two blocks of zeros end a tar

// What libarchive pulls from; called by C.
struct Source {
    std::unique_ptr<ByteStream> stream;
    Buffer buffer{piece};
    std::optional<Error> failure;
    std::size_t zeros_at_end = 0;  // of all that was given so far, at most end_size

    void count_zeros(ByteView bytes) {
        const auto last = std::ranges::find_if(bytes.rbegin(), bytes.rend(), [](std::byte byte) { return byte != std::byte{0}; });
        const auto zeros = static_cast<std::size_t>(last - bytes.rbegin());
        zeros_at_end = std::min(end_size, zeros == bytes.size() ? zeros_at_end + zeros : zeros);
    }
    la_ssize_t pull(const void** bytes) noexcept {
        auto got = stream->read(buffer.span());
        if (!got) {
            failure = std::move(got).error();
            return -1;
        }
        count_zeros(buffer.view().first(*got));
        *bytes = buffer.data();
        return static_cast<la_ssize_t>(*got);
    }
};

la_ssize_t pull_from(archive*, void* source, const void** bytes) noexcept { return static_cast<Source*>(source)->pull(bytes); }

class LibraryReader final : public TarReader {
public:
    LibraryReader(const ArchiveLibrary& library, std::unique_ptr<ByteStream> stream) : library_(library) { source_.stream = std::move(stream); }
    ~LibraryReader() override {
        if (archive_ != nullptr) library_.read_free(archive_);
    }

    Result<void> open() {
        archive_ = library_.read_new();
        if (archive_ == nullptr) return fail(ErrorCode::unavailable, "read a tar: no memory");
        library_.read_support_format_tar(archive_);
        library_.read_set_format_option(archive_, "tar", "hdrcharset", "BINARY");  // names are bytes, in no language
        if (library_.read_open(archive_, &source_, nullptr, &pull_from, nullptr) != ARCHIVE_OK) return trouble();
        return {};
    }

    Result<std::optional<TarMember>> next() override {
        archive_entry* entry = nullptr;
        const int code = library_.read_next_header(archive_, &entry);
        if (code == ARCHIVE_EOF) {
            TRY(read_to_the_end());
            return std::optional<TarMember>();
        }
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return trouble();
        TarMember member;
        const char* const name = library_.entry_pathname(entry);
        member.name = name != nullptr ? name : "";
        const auto type = library_.entry_filetype(entry);
        member.is_folder = type == AE_IFDIR;
        member.is_link = type == AE_IFLNK;
        const char* const target = member.is_link ? library_.entry_symlink(entry) : nullptr;
        member.link_target = target != nullptr ? target : "";
        member.mode = static_cast<std::uint32_t>(library_.entry_perm(entry));
        member.is_file = type == AE_IFREG && library_.entry_hardlink(entry) == nullptr;
        constexpr std::int64_t seconds_max = 9'000'000'000;
        const std::int64_t seconds = std::clamp<std::int64_t>(library_.entry_mtime(entry), 0, seconds_max);
        member.modified.nanoseconds = seconds * nanoseconds_per_second + std::clamp<std::int64_t>(library_.entry_mtime_nsec(entry), 0, nanoseconds_per_second - 1);
        return std::optional(std::move(member));
    }

    Result<std::size_t> read(MutableByteView into) override {
        const la_ssize_t got = library_.read_data(archive_, into.data(), into.size());
        if (got < 0) return trouble();
        return static_cast<std::size_t>(got);
    }

private:
    // What lies below proves itself at its end only, and libarchive takes a tar that was cut between members for whole.
    Result<void> read_to_the_end() {
        for (;;) {
            const std::size_t got = TRY(source_.stream->read(source_.buffer.span()));
            if (got == 0) break;
            source_.count_zeros(source_.buffer.view().first(got));
        }
        if (source_.zeros_at_end == end_size) return {};
        return fail(ErrorCode::corrupt, "read a tar: its end is missing");
    }
    Error trouble() {
        if (source_.failure) return source_.failure->copy();
        const char* const why = library_.error_string(archive_);
        return fail(ErrorCode::corrupt, "read a tar: {}", printable(why != nullptr ? why : "it is damaged"));
    }

    const ArchiveLibrary& library_;
    Source source_;
    archive* archive_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<TarReader>> TarReader::open(std::unique_ptr<ByteStream> stream) {
    const ArchiveLibrary* const library = TRY(archive_library());
    auto reader = std::make_unique<LibraryReader>(*library, std::move(stream));
    TRY(reader->open());
    return std::unique_ptr<TarReader>(std::move(reader));
}

}  // namespace holdfast::bundle
