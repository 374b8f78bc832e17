#include "holdfast/operations/spooled_image.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::operations {
namespace {

using sqlite::Image;
using sqlite::PageNumber;
using sqlite::PageRange;

constexpr std::uint64_t worth_it_bytes = 32 * 1024 * 1024;  // less is kept in SQLite's own cache

class SpooledImage final : public Image {
public:
    SpooledImage(std::unique_ptr<host::File> file, const Image& like)
        : file_(std::move(file)), page_size_(like.page_size()), last_page_(like.last_page()) {}
    sqlite::PageSize page_size() const override { return page_size_; }
    PageNumber last_page() const override { return last_page_; }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(sqlite::expect_readable(*this, range, into));
        if (TRY(file_->read_at(sqlite::offset_of(range.first, page_size_), into)) == into.size()) return {};
        return fail(ErrorCode::corrupt, "read an unpacked image: its file has become shorter");
    }

private:
    std::unique_ptr<host::File> file_;
    sqlite::PageSize page_size_;
    PageNumber last_page_;
};

Result<void> fill(host::File& file, const Image& image, host::WorkerPool& pool, const Watch& watch) {
    return sqlite::for_each_piece(pool, image,
                                  {.work = [&](sqlite::ImagePiece& piece) -> Result<void> {
                                       TRY(image.read(piece.pages, piece.content));
                                       return file.write_at(piece.offset, piece.content);
                                   },
                                   .done = [&](const sqlite::ImagePiece& piece) -> Result<void> {
                                       watch.at({.phase = "unpacking", .done = piece.end(), .total = image.size()});
                                       return watch.go_on();
                                   }});
}

// None: there is no room, or no folder that can be written.
std::unique_ptr<host::File> nameless_file(Context& context, std::uint64_t size) {
    constexpr std::uint32_t folder_mode = 0700, only_mine = 0600;
    host::FileSystem& files = context.host.files;
    const std::string folder = host::cache_folder();
    if (folder.empty() || !host::make_folders_durably(files, folder, folder_mode)) return nullptr;
    const auto room = files.free_bytes(folder);
    if (!room || *room < size + size / 4) return nullptr;
    const std::string path = host::join_path(folder, format(".unpacked.{:016x}", host::random_u64(context.host.random)));
    auto file = files.create(path, only_mine);
    if (!file || !files.remove(path)) return nullptr;
    return std::move(*file);
}

}  // namespace

Result<std::unique_ptr<Image>> spool(Context& context, const repository::Repository& repository, const Image& image) {
    std::unique_ptr<Image> none;
    if (repository.config().sealed || image.size() < worth_it_bytes) return none;
    auto file = nameless_file(context, image.size());
    if (!file) return none;
    auto filled = fill(*file, image, *repository.options().pool, context.watch);
    if (!filled && filled.error().code() == ErrorCode::full) return none;
    if (!filled) return std::move(filled).error();
    return std::unique_ptr<Image>(std::make_unique<SpooledImage>(std::move(file), image));
}

}  // namespace holdfast::operations
