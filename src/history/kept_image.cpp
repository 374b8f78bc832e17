#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/history/history.h"

namespace holdfast::history {

namespace {

using repository::DirectoryEntry;

// A database of 0 bytes has no page size; every image has one.
constexpr std::uint32_t page_size_of_nothing = 4096;

// A kept database as an image: pages come out of its extents, proven.
class KeptImage final : public sqlite::Image {
public:
    KeptImage(std::unique_ptr<repository::ContentReader> content, sqlite::PageSize page_size, Hash key_domain)
        : content_(std::move(content)), page_size_(page_size), key_domain_(key_domain) {}

    sqlite::PageSize page_size() const override { return page_size_; }
    sqlite::PageNumber last_page() const override {
        return {static_cast<std::uint32_t>(content_->content().size / page_size_.bytes())};
    }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        TRY(sqlite::expect_readable(*this, range, into));
        return content_->read(sqlite::offset_of(range.first, page_size_), into);
    }
    // Known where the range is one extent, whole or the last: its id names its bytes.
    std::optional<sqlite::RangeHash> known_hash(sqlite::PageRange range) const override {
        if (range.first.value == 0 || range.count == 0) return std::nullopt;
        const std::uint64_t begin = sqlite::offset_of(range.first, page_size_);
        const std::uint64_t size = std::uint64_t{range.count} * page_size_.bytes();
        if (begin % limits::extent_size != 0 || begin + size > content_->content().size) return std::nullopt;
        const std::uint64_t extent = begin / limits::extent_size;
        if (size != repository::extent_bytes(content_->content().size, extent)) return std::nullopt;
        const auto id = content_->extent_id(extent);
        if (!id) return std::nullopt;
        return sqlite::RangeHash{.hash = id->hash, .key_domain = key_domain_};
    }

private:
    std::unique_ptr<repository::ContentReader> content_;
    sqlite::PageSize page_size_;
    Hash key_domain_;
};

Error does_not_fit(const DirectoryEntry& member, std::string_view why) {
    return fail(ErrorCode::corrupt, "open {} in the backup: {}", printable(member.name), why);
}

Result<sqlite::PageSize> page_size_of(const DirectoryEntry& member) {
    if (member.type != repository::EntryType::database || !member.database) {
        return fail(ErrorCode::invalid, "open {} in the backup: it is kept as bytes, not as a database",
                    printable(member.name));
    }
    const auto& record = *member.database;
    if (member.content.size == 0 && record.page_count == 0) return sqlite::PageSize::from_bytes(page_size_of_nothing);
    auto page_size = sqlite::PageSize::from_bytes(record.page_size);
    if (!page_size) return does_not_fit(member, page_size.error().message());
    if (std::uint64_t{record.page_count} * record.page_size != member.content.size) {
        return does_not_fit(member, format("{} pages of {} bytes are not its {} bytes", record.page_count,
                                           record.page_size, member.content.size));
    }
    return page_size;
}

}  // namespace

Result<std::unique_ptr<sqlite::Image>> open_image(const repository::Repository& repository, const DirectoryEntry& member) {
    const auto page_size = TRY(page_size_of(member));
    auto content = TRY(repository.open_content(member));
    return std::unique_ptr<sqlite::Image>(
        std::make_unique<KeptImage>(std::move(content), page_size, repository.keys().domain()));
}

}  // namespace holdfast::history
