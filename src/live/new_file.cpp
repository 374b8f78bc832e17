#include "holdfast/live/new_file.h"

#include "holdfast/base/text.h"
#include "holdfast/host/read_back.h"
#include "holdfast/live/unnamed_file.h"
#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::live {
namespace {

// An image on its way into a file. Each piece is proven as soon as it is written.
class Writing {
public:
    Writing(const sqlite::Image& image, host::File& file, const Watch& watch)
        : image_(image), file_(file), watch_(watch) {}

    Result<void> copy(host::WorkerPool& pool) {
        TRY(file_.resize(image_.size()));
        TRY(sqlite::for_each_piece(pool, image_, {.work = [this](ImagePiece& piece) { return copy_piece(piece); },
                                                  .done = [this](const ImagePiece& piece) { return tell(piece); }}));
        if (TRY(file_.size()) == image_.size()) return {};
        return fail(ErrorCode::corrupt, "what was written has another size").with_advice("check the disk and the memory of this machine");
    }

private:
    using ImagePiece = sqlite::ImagePiece;
    // Pieces of zeros stay holes.
    Result<void> copy_piece(ImagePiece& piece) {
        TRY(image_.read(piece.pages, piece.content));
        if (is_all_zero(piece.content)) return host::expect_reads_back(file_, piece.offset, piece.content);
        TRY(file_.write_at(piece.offset, piece.content));
        TRY(host::expect_reads_back(file_, piece.offset, piece.content));
        file_.begin_writing_out(piece.offset, piece.content.size());
        return {};
    }
    Result<void> tell(const ImagePiece& piece) const {
        watch_.at({.phase = "restoring", .done = piece.end(), .total = image_.size()});
        return watch_.go_on();
    }

    const sqlite::Image& image_;
    host::File& file_;
    const Watch& watch_;
};

// The owner first: changing it may take bits of the mode away. No database runs as somebody else; and what was readable
// for its group is not for another one.
void give_appearance(host::File& file, const NewFileRequest& request, WriteReport& report) {
    constexpr std::uint32_t permissions = 0777, of_the_group = 0070;
    const auto& wanted = request.appearance;
    std::uint32_t mode = wanted.mode & permissions;
    if (wanted.set_owner && !file.set_owner(wanted.owner, wanted.group)) {
        mode &= ~of_the_group;
        report.notes.push_back(format("could not give {} to user {} and group {}; no group may use it", printable(request.path),
                                      wanted.owner, wanted.group));
    }
    if (!file.set_mode(mode)) report.notes.push_back(format("could not give {} the mode {:o}", printable(request.path), mode));
}

}  // namespace

NewFile::NewFile(NewFile&& other) noexcept
    : report(std::move(other.report)),
      host_(other.host_),
      path_(std::move(other.path_)),
      lock_(std::move(other.lock_)),
      temporary_(std::exchange(other.temporary_, {})) {}

NewFile::~NewFile() {
    if (!temporary_.empty()) static_cast<void>(host_.files.remove(temporary_));
}

// No descriptor of the file is open when it gets its name: closing one later would drop the locks that a connection of
// this process might have by then.
Result<NewFile> NewFile::write(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                               const NewFileRequest& request, const Watch& watch) {
    auto temporary = TRY(create_unnamed(host, request.path));
    NewFile written(host, request.path, temporary.path, std::move(temporary.lock));
    Writing writing(image, *temporary.file, watch);
    const host::Stopwatch copying(host.clock);
    TRY(writing.copy(pool));
    give_appearance(*temporary.file, request, written.report);
    TRY(temporary.file->sync());
    written.report.copy_ms = copying.ms();
    written.report.bytes_written = image.size();
    return written;
}

Result<void> NewFile::take_name() {
    about_to_be_named(host_, temporary_, lock_);
    auto named = host_.files.rename_if_absent(temporary_, path_);
    if (!named && named.error().code() == ErrorCode::unavailable) {
        // A file system that cannot say "only if there is none": two names for a moment, or else a look before.
        named = host_.files.link(temporary_, path_);
        if (named) {
            named = host_.files.remove(temporary_);
        } else if (named.error().code() == ErrorCode::unavailable && !TRY(host::exists(host_.files, path_))) {
            named = host_.files.rename(temporary_, path_);
        }
    }
    if (!named) return named;
    temporary_.clear();
    return host_.files.sync_folder(host::folder_of(path_));
}

Result<void> NewFile::replace() {
    about_to_be_named(host_, temporary_, lock_);
    TRY(host_.files.rename(temporary_, path_));
    temporary_.clear();
    return host_.files.sync_folder(host::folder_of(path_));
}

}  // namespace holdfast::live
