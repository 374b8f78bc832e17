#include "holdfast/operations/write_entry.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/read_back.h"
#include "holdfast/repository/content_reader.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::uint64_t piece_bytes = 1024 * 1024;
constexpr std::size_t hole_bytes_min = 16 * 1024;  // zeros that are not written; fewer are not worth a write of their own
constexpr std::size_t synced_one_by_one_max = 64;
constexpr std::size_t large_held_max = 16;
constexpr std::uint32_t mode_while_written = 0600;

class Writing {
public:
    Writing(Context& context, OpenRepository& opened, const DirectoryEntry& entry, const EntryPlace& place) : context_(context), opened_(opened), entry_(entry), place_(place) {}

    Result<WrittenEntry> run() {
        const auto content = TRY(opened_.get().open_content(entry_));
        auto file = TRY(context_.host.files.create(place_.path, mode_while_written));
        if (entry_.content.size > 0) TRY(file->resize(entry_.content.size));
        TRY(copy(*content, *file));
        give(*file);
        TRY(file->set_mode(entry_.mode));
        TRY(context_.host.files.set_modified(place_.path, entry_.modified));
        if (place_.together == nullptr) TRY(file->sync());
        if (place_.together != nullptr && is_large()) TRY(place_.together->add_large(std::move(file)));
        else if (place_.together != nullptr) place_.together->add_small(std::move(file), place_.path);
        written_.bytes = entry_.content.size;
        return std::move(written_);
    }

private:
    // What is read between two holes, at most piece_bytes.
    struct Piece {
        std::uint64_t offset = 0;
        std::size_t size = 0;
        Buffer room{};
        MutableByteView bytes() { return room.span().first(size); }
    };
    using Pieces = host::OrderedPipeline<Piece>;

    // A file of one piece keeps no thread busy but this one.
    Result<void> for_each(const Pieces::Steps& steps) const {
        if (is_large()) return Pieces::run(opened_.pool(), opened_.pool().size() + 2, steps);
        for (Piece piece; TRY(steps.make(piece));) {
            TRY(steps.work(piece));
            TRY(steps.take(piece));
        }
        return {};
    }
    bool is_large() const { return entry_.content.size > piece_bytes; }

    Result<void> copy(const repository::ContentReader& content, host::File& file) {
        std::uint64_t at = 0;
        const auto make = [&](Piece& piece) -> Result<bool> {
            at = content.next_data(at);
            if (at >= entry_.content.size) return false;
            if (piece.room.size() == 0) piece.room = Buffer(std::min(entry_.content.size, piece_bytes));
            piece.offset = at;
            piece.size = std::min(piece_bytes, entry_.content.size - at);
            at += piece.size;
            return true;
        };
        const auto work = [&](Piece& piece) -> Result<void> {
            TRY(content.read(piece.offset, piece.bytes()));
            TRY(write_data(file, piece.offset, piece.bytes()));
            TRY(host::expect_reads_back(file, piece.offset, piece.bytes()));
            if (is_large()) file.begin_writing_out(piece.offset, piece.size);
            return {};
        };
        const auto take = [&](const Piece& piece) -> Result<void> {
            context_.watch.at({.phase = "restoring", .done = place_.written_before + piece.offset + piece.size, .total = 0});
            return context_.watch.go_on();
        };
        return for_each({.make = make, .work = work, .take = take});
    }

    // What was sparse stays so.
    static Result<void> write_data(host::File& file, std::uint64_t offset, ByteView bytes) {
        const auto first = [](ByteView rest) { return rest.first(std::min(hole_bytes_min, rest.size())); };
        while (!bytes.empty()) {
            std::size_t zeros = 0, data = 0;
            while (zeros < bytes.size() && is_all_zero(first(bytes.subspan(zeros)))) zeros += first(bytes.subspan(zeros)).size();
            bytes = bytes.subspan(zeros);
            while (data < bytes.size() && !is_all_zero(first(bytes.subspan(data)))) data += first(bytes.subspan(data)).size();
            if (data > 0) TRY(file.write_at(offset + zeros, bytes.first(data)));
            bytes = bytes.subspan(data);
            offset += zeros + data;
        }
        return {};
    }

    void give(host::File& file) {
        if (place_.owners == Owners::ours) return;
        const auto given = file.set_owner(entry_.owner, entry_.group);
        if (!given) written_.owner_refused = given.error().message();
    }

    Context& context_;
    OpenRepository& opened_;
    const DirectoryEntry& entry_;
    const EntryPlace& place_;
    WrittenEntry written_;
};

Result<WrittenEntry> write_link(host::FileSystem& files, const DirectoryEntry& entry, const EntryPlace& place) {
    TRY(files.make_link(entry.link_target, place.path));
    WrittenEntry written;
    if (place.owners == Owners::as_in_backup) {
        const auto given = files.set_owner(place.path, entry.owner, entry.group);
        if (!given) written.owner_refused = given.error().message();
    }
    TRY(files.set_modified(place.path, entry.modified));
    return written;
}

}  // namespace

void OwnersRefused::add(const std::string& of, const std::string& why) {
    if (why.empty()) return;
    if (++count_ > 1) return;
    first_ = of;
    why_ = why;
}

std::vector<std::string> OwnersRefused::warnings() const {
    if (count_ == 0) return {};
    if (count_ == 1) return {format("{} belongs to whoever restores it: {}", printable(first_), why_)};
    return {format("{} and {} more of its companion belong to whoever restores them: {}", printable(first_), count_ - 1, why_)};
}

void SyncTogether::add_small(std::unique_ptr<host::File> file, const std::string& path) {
    folder_ = host::folder_of(path);
    if (are_ == Are::few) few_.push_back(std::move(file));
    if (few_.size() <= synced_one_by_one_max) return;
    few_.clear();
    are_ = Are::many;
}

Result<void> SyncTogether::add_large(std::unique_ptr<host::File> file) {
    large_.push_back(std::move(file));
    if (large_.size() <= large_held_max) return {};
    TRY(large_.front()->sync());
    large_.erase(large_.begin());
    return {};
}

Result<void> SyncTogether::sync() {
    for (const auto& file : large_) TRY(file->sync());
    large_.clear();
    if (are_ == Are::many) TRY(files_.sync_file_system(folder_));
    for (const auto& file : few_) TRY(file->sync());
    few_.clear();
    are_ = Are::few;
    return {};
}

Result<WrittenEntry> write_entry(Context& context, OpenRepository& opened, const DirectoryEntry& entry, const EntryPlace& place) {
    EntryPlace named = place;
    if (named.meant.empty()) named.meant = place.path;
    auto written = [&]() -> Result<WrittenEntry> {
        if (entry.type == EntryType::link) return write_link(context.host.files, entry, named);
        if (entry.type == EntryType::file) return Writing(context, opened, entry, named).run();
        return fail(ErrorCode::corrupt, "it is no file and no link, and lies in a companion");
    }();
    if (!written && written.error().code() != ErrorCode::cancelled) return std::move(written).error().while_doing(printable(named.meant));
    return written;
}

}  // namespace holdfast::operations
