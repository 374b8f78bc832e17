#include "holdfast/base/text.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::sqlite {
namespace {

class WalImage final : public Image {
public:
    WalImage(const RawFile& database, const RawFile& wal, WalMap map)
        : database_(database), wal_(wal), map_(std::move(map)) {}
    PageSize page_size() const override { return map_.header.page_size; }
    PageNumber last_page() const override { return map_.database_pages; }

    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(expect_readable(*this, range, into));
        const std::size_t page_bytes = page_size().bytes();
        std::uint32_t unread = 0;  // pages before this one of the range are read
        for (std::uint32_t i = 0; i < range.count; ++i) {
            const auto frame = map_.frame_of.find(range.first.value + i);
            if (frame == map_.frame_of.end()) continue;
            TRY(read_file({PageNumber{range.first.value + unread}, i - unread}, into.subspan(unread * page_bytes)));
            TRY(wal_.read(offset_of(frame->second, page_size()) + wal_frame_header_size,
                          into.subspan(i * page_bytes, page_bytes)));
            unread = i + 1;
        }
        TRY(read_file({PageNumber{range.first.value + unread}, range.count - unread}, into.subspan(unread * page_bytes)));
        blank_lock_page(page_size(), range, into);
        return {};
    }

private:
    Result<void> read_file(PageRange range, std::span<std::byte> into) const {
        if (range.count == 0) return {};
        return database_.read(offset_of(range.first, page_size()),
                              into.first(std::size_t{range.count} * page_size().bytes()));
    }

    const RawFile& database_;
    const RawFile& wal_;
    WalMap map_;
};

}  // namespace

std::unique_ptr<Image> wal_image(const RawFile& database, const RawFile& wal, WalMap map) {
    HOLDFAST_ASSERT(map.last_frame.value != 0);
    return std::make_unique<WalImage>(database, wal, std::move(map));
}

}  // namespace holdfast::sqlite
