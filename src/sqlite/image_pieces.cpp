#include "holdfast/sqlite/image_pieces.h"

#include <algorithm>

namespace holdfast::sqlite {

Result<void> for_each_piece(host::WorkerPool& pool, const Image& image, const PieceSteps& steps) {
    const std::uint32_t page_bytes = image.page_size().bytes(), last = image.last_page().value;
    const auto per_piece = static_cast<std::uint32_t>(image_piece_bytes / page_bytes);
    std::size_t made = 0;
    const auto make = [&](ImagePiece& piece) -> Result<bool> {
        const std::uint64_t before = std::uint64_t{made} * per_piece;
        if (before >= last) return false;
        piece.index = made++;
        piece.pages = {PageNumber{static_cast<std::uint32_t>(before + 1)},
                       static_cast<std::uint32_t>(std::min<std::uint64_t>(per_piece, last - before))};
        piece.offset = before * page_bytes;
        if (piece.bytes.size() == 0) piece.bytes = Buffer(image_piece_bytes);
        piece.content = piece.bytes.span().first(std::size_t{piece.pages.count} * page_bytes);
        return true;
    };
    return host::OrderedPipeline<ImagePiece>::run(pool, pool.size() + 2, {.make = make, .work = steps.work, .take = steps.done});
}

}  // namespace holdfast::sqlite
