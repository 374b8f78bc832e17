#include "holdfast/sqlite/file_image.h"

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

class FileImage final : public Image {
public:
    FileImage(const RawFile& file, PageSize page_size, PageNumber pages)
        : file_(file), page_size_(page_size), pages_(pages) {}
    PageSize page_size() const override { return page_size_; }
    PageNumber last_page() const override { return pages_; }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(expect_readable(*this, range, into));
        TRY(file_.read(offset_of(range.first, page_size_), into));
        blank_lock_page(page_size_, range, into);
        return {};
    }

private:
    const RawFile& file_;
    PageSize page_size_;
    PageNumber pages_;
};

class RollbackImage final : public Image {
public:
    explicit RollbackImage(const Image& image) : image_(image) {}
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(image_.read(range, into));
        constexpr std::size_t write_version = 18, read_version = 19;
        if (range.first != PageNumber{1}) return {};
        for (const std::size_t version : {write_version, read_version}) {
            if (into[version] == std::byte{2}) into[version] = std::byte{1};
        }
        return {};
    }
    std::optional<RangeHash> known_hash(PageRange range) const override {
        return range.first == PageNumber{1} ? std::nullopt : image_.known_hash(range);
    }

private:
    const Image& image_;
};

}  // namespace

std::unique_ptr<Image> file_image(const RawFile& file, PageSize page_size, PageNumber pages) {
    return std::make_unique<FileImage>(file, page_size, pages);
}

std::unique_ptr<Image> as_rollback_image(const Image& image) { return std::make_unique<RollbackImage>(image); }

}  // namespace holdfast::sqlite
