#include "holdfast/live/scratch_copy.h"

#include "holdfast/base/text.h"
#include "holdfast/live/copy_folder.h"
#include "holdfast/sqlite/file_image.h"
#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::live {
namespace {

constexpr std::uint32_t only_mine = 0600;

// Not synced: after a power cut nobody wants it.
Result<void> copy_out(host::Host host, const sqlite::Image& database, const std::string& file, const Watch& watch) {
    constexpr std::uint32_t pages_at_once = 256;
    const auto image = sqlite::as_rollback_image(database);
    const auto out = TRY(host.files.create(file, only_mine));
    const std::uint32_t page_bytes = image->page_size().bytes();
    Buffer piece(std::size_t{pages_at_once} * page_bytes);
    for (std::uint32_t first = 1; first <= image->last_page().value; first += pages_at_once) {
        TRY(watch.go_on());
        const std::uint32_t count = std::min(pages_at_once, image->last_page().value - first + 1);
        const auto bytes = piece.span().first(std::size_t{count} * page_bytes);
        TRY(image->read({sqlite::PageNumber{first}, count}, bytes));
        TRY(out->write_at(std::uint64_t{first - 1} * page_bytes, bytes));
        watch.at({.phase = "copying", .done = std::uint64_t{first + count - 1} * page_bytes, .total = image->size()});
    }
    return {};
}

}  // namespace

ScratchCopy::ScratchCopy(std::unique_ptr<CopyFolder> folder) : folder_(std::move(folder)) {}
ScratchCopy::ScratchCopy(ScratchCopy&&) noexcept = default;
ScratchCopy& ScratchCopy::operator=(ScratchCopy&&) noexcept = default;
ScratchCopy::~ScratchCopy() = default;

Result<ScratchCopy> ScratchCopy::of(host::Host host, const std::string& path, const FreezeOptions& options, const Watch& watch) {
    std::unique_ptr<CopyFolder> folder;
    const auto use = [&](const sqlite::Image& image, const FreezeFacts&) -> Result<void> {
        folder = std::make_unique<CopyFolder>(host);
        TRY(folder->make());
        const std::uint64_t wanted = image.size() * 2;  // the journal of what is tried
        if (TRY(host.files.free_bytes(folder->path())) < wanted) {
            return fail(ErrorCode::full, "copy the database into {}: there is no room for {}", printable(folder->path()), human_bytes(wanted));
        }
        return copy_out(host, image, folder->file(), watch);
    };
    TRY(with_frozen(host, path, options, {.first_look = {}, .use = use}));
    return ScratchCopy(std::move(folder));
}

Result<sqlite::Connection> ScratchCopy::connect() const {
    auto connection = TRY(sqlite::Connection::open(folder_->file(), {.mode = sqlite::OpenMode::read_write, .trust_schema = true}));
    TRY(connection.execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; BEGIN"));
    return connection;
}

}  // namespace holdfast::live
