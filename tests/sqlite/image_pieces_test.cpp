#include "holdfast/sqlite/image_pieces.h"

#include <gtest/gtest.h>

#include <atomic>

#include "support/images.h"
#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using namespace tests;

// The shortest and longest pages; less than a piece, exactly one, and one page more.
TEST(ImagePieces, EveryPageOnceAndInOrder) {
    host::WorkerPool pool({.threads = 3});
    for (const std::uint32_t page_bytes : {512u, 4096u, 65536u}) {
        const auto per_piece = static_cast<std::uint32_t>(image_piece_bytes / page_bytes);
        for (const std::uint32_t pages : {0u, 1u, per_piece, per_piece + 1, 5 * per_piece - 1}) {
            SCOPED_TRACE(format("{} pages of {}", pages, page_bytes));
            Bytes content(std::size_t{pages} * page_bytes);
            for (std::size_t i = 0; i < content.size(); i += 256) content[i] = static_cast<std::byte>(i / page_bytes + i / 256);
            const auto image = memory_image(must(PageSize::from_bytes(page_bytes)), content);
            Bytes whole(content.size()), copy(content.size());
            if (pages > 0) must(image->read({PageNumber{1}, pages}, whole));
            std::size_t taken = 0;
            std::uint64_t end = 0;
            const PieceSteps steps = {.work = [&](ImagePiece& piece) -> Result<void> {
                                          TRY(image->read(piece.pages, piece.content));
                                          std::ranges::copy(piece.content, copy.begin() + static_cast<std::ptrdiff_t>(piece.offset));
                                          return {};
                                      },
                                      .done = [&](const ImagePiece& piece) -> Result<void> {
                                          EXPECT_EQ(piece.index, taken++);
                                          EXPECT_EQ(piece.offset, end);
                                          end = piece.end();
                                          return {};
                                      }};
            ASSERT_THAT(for_each_piece(pool, *image, steps), Succeeds());
            EXPECT_TRUE(copy == whole);
            EXPECT_EQ(taken, pieces_of(*image));
            EXPECT_EQ(end, content.size());
        }
    }
}

TEST(ImagePieces, TheFirstErrorOfEitherStepEndsIt) {
    host::WorkerPool pool({.threads = 2});
    const auto image = memory_image(must(PageSize::from_bytes(4096)), Bytes(20 * image_piece_bytes));
    std::atomic<int> worked = 0;
    const auto count = [&](ImagePiece& piece) -> Result<void> {
        ++worked;
        if (piece.index == 3) return fail(ErrorCode::full, "piece {}", piece.index);
        return {};
    };
    const auto nothing = [](const ImagePiece&) { return Result<void>(); };
    EXPECT_THAT(for_each_piece(pool, *image, {.work = count, .done = nothing}), FailsWith(ErrorCode::full));
    EXPECT_LT(worked, 20);
    const auto refuse = [](const ImagePiece&) -> Result<void> { return fail(ErrorCode::cancelled, "enough"); };
    EXPECT_THAT(for_each_piece(pool, *image, {.work = [](ImagePiece&) { return Result<void>(); }, .done = refuse}),
                FailsWith(ErrorCode::cancelled));
}

}  // namespace
}  // namespace holdfast::sqlite
