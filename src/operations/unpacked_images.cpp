#include "holdfast/operations/unpacked_images.h"

#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::operations {

namespace {

constexpr std::uint32_t only_mine = 0600;

Result<void> write(Context& context, host::WorkerPool& pool, const sqlite::Image& image, const std::string& path) {
    const auto file = TRY(context.host.files.create(path, only_mine));
    return sqlite::for_each_piece(pool, image,
                                  {.work = [&](sqlite::ImagePiece& piece) -> Result<void> {
                                       TRY(image.read(piece.pages, piece.content));
                                       return file->write_at(piece.offset, piece.content);
                                   },
                                   .done = [&](const sqlite::ImagePiece& piece) -> Result<void> {
                                       context.watch.at({.phase = "unpacking", .done = piece.end(), .total = image.size()});
                                       return context.watch.go_on();
                                   }});
}

}  // namespace

Result<UnpackedImages> UnpackedImages::unpack(Context& context, const NamedImages& images, const std::string& folder) {
    std::uint64_t bytes = 0;
    for (const auto& database : images.databases()) bytes += database.image->size();
    UnpackedImages all(TRY(TemporaryPlace::make(context, {.bytes = bytes, .folder = folder})));
    all.bytes_ = bytes;
    host::WorkerPool pool;
    for (const auto& database : images.databases()) {
        all.databases_.push_back({.name = database.name, .path = host::join_path(all.place_.path(), database.name + ".db")});
        TRY(write(context, pool, *database.image, all.databases_.back().path));
    }
    return all;
}

}  // namespace holdfast::operations
