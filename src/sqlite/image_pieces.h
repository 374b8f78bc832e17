// for_each_piece(): all pages of an image, a run at a time, in the threads of a pool.
#pragma once

#include <functional>

#include "holdfast/base/bytes.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// A whole number of pages of every size, and few enough bytes to be still in the processor's cache when what was read
// is written.
constexpr std::uint64_t image_piece_bytes = 512 * 1024;
inline std::size_t pieces_of(const Image& image) { return (image.size() + image_piece_bytes - 1) / image_piece_bytes; }

struct ImagePiece {
    std::size_t index = 0;     // from 0
    PageRange pages;
    std::uint64_t offset = 0;  // of the first byte in the image as a plain file
    MutableByteView content;   // room for the pages; nothing is in it yet
    Buffer bytes;
    std::uint64_t end() const { return offset + content.size(); }
};
struct PieceSteps {
    std::function<Result<void>(ImagePiece&)> work;        // in the pool's threads, several at once
    std::function<Result<void>(const ImagePiece&)> done;  // in the caller's thread, in the order of the pages
};
// Ends with the first error of either step.
Result<void> for_each_piece(host::WorkerPool& pool, const Image& image, const PieceSteps& steps);

}  // namespace holdfast::sqlite
