#include "holdfast/operations/stream_image.h"

#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::operations {

Result<Hash> stream_image(Context& context, host::WorkerPool& pool, const sqlite::Image& image, bundle::ByteSink& sink) {
    Sha256 hash;
    TRY(sqlite::for_each_piece(pool, image,
                               {.work = [&](sqlite::ImagePiece& piece) { return image.read(piece.pages, piece.content); },
                                .done = [&](const sqlite::ImagePiece& piece) -> Result<void> {
                                    hash.update(piece.content);
                                    TRY(sink.write(piece.content));
                                    context.watch.at({.phase = "restoring", .done = piece.end(), .total = image.size()});
                                    return context.watch.go_on();
                                }}));
    return hash.finish();
}

}  // namespace holdfast::operations
