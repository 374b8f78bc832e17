#include "holdfast/sqlite/overlay_image.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::sqlite {
namespace {

class WalImage final : public OverlayImage {
public:
    WalImage(Files files, WalMap map)
        : OverlayImage(files, {map.header.page_size, map.database_pages}), frame_of_(std::move(map.frame_of)) {}

private:
    std::optional<std::uint64_t> offset_above(PageNumber page) const override {
        const auto frame = frame_of_.find(page.value);
        if (frame == frame_of_.end()) return std::nullopt;
        return offset_of(frame->second, page_size()) + wal_frame_header_size;
    }

    std::unordered_map<std::uint32_t, FrameNumber> frame_of_;
};

}  // namespace

std::unique_ptr<Image> wal_image(const RawFile& database, const RawFile& wal, WalMap map) {
    HOLDFAST_ASSERT(map.last_frame.value != 0);
    return std::make_unique<WalImage>(OverlayImage::Files{.below = database, .above = wal}, std::move(map));
}

}  // namespace holdfast::sqlite
