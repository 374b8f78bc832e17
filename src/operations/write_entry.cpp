#include "holdfast/operations/write_entry.h"

#include <algorithm>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/content_reader.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::uint64_t step_bytes = 4 * 1024 * 1024;
constexpr std::uint32_t mode_while_written = 0600;

class Writing {
public:
    Writing(Context& context, const DirectoryEntry& entry, const EntryPlace& place)
        : context_(context), entry_(entry), place_(place), buffer_(std::min(entry.content.size, step_bytes)) {}

    Result<WrittenEntry> run(const repository::Repository& repository) {
        const auto content = TRY(repository.open_content(entry_));
        const auto file = TRY(context_.host.files.create(place_.path, mode_while_written));
        if (entry_.content.size > 0) TRY(file->resize(entry_.content.size));
        TRY(each_step([&](std::uint64_t at, MutableByteView part) -> Result<void> {
            TRY(content->read(at, part));
            prints_.push_back(fingerprint(part, at));
            if (!is_all_zero(part)) TRY(file->write_at(at, part));  // what was sparse stays so
            return {};
        }));
        give(*file);
        TRY(file->set_mode(entry_.mode));
        TRY(context_.host.files.set_modified(place_.path, entry_.modified));
        TRY(file->sync());
        TRY(each_step([&](std::uint64_t at, MutableByteView part) -> Result<void> {
            const auto read = TRY(file->read_at(at, part));
            if (read == part.size() && fingerprint(part, at) == prints_[at / step_bytes]) return {};
            return fail(ErrorCode::corrupt, "read it back: at byte {} it is not what was written", at).with_advice("check the disk and the memory of this machine");
        }));
        written_.bytes = entry_.content.size;
        return std::move(written_);
    }

private:
    template <typename Act>
    Result<void> each_step(const Act& act) {
        const auto size = entry_.content.size;
        for (std::uint64_t at = 0; at < size; at += step_bytes) {
            TRY(context_.watch.go_on());
            TRY(act(at, buffer_.span().first(std::min(step_bytes, size - at))));
        }
        return {};
    }

    void give(host::File& file) {
        if (place_.owners == Owners::ours) return;
        const auto given = file.set_owner(entry_.owner, entry_.group);
        if (!given) written_.warning = format("{} belongs to whoever restores it: {}", printable(place_.meant), given.error().message());
    }

    Context& context_;
    const DirectoryEntry& entry_;
    const EntryPlace& place_;
    Buffer buffer_;
    std::vector<Fingerprint> prints_;
    WrittenEntry written_;
};

Result<WrittenEntry> write_link(host::FileSystem& files, const DirectoryEntry& entry, const std::string& path) {
    TRY(files.make_link(entry.link_target, path));
    TRY(files.set_modified(path, entry.modified));
    return WrittenEntry{};
}

}  // namespace

Result<WrittenEntry> write_entry(Context& context, const repository::Repository& repository, const DirectoryEntry& entry, const EntryPlace& place) {
    EntryPlace named = place;
    if (named.meant.empty()) named.meant = place.path;
    auto written = [&]() -> Result<WrittenEntry> {
        if (entry.type == EntryType::link) return write_link(context.host.files, entry, place.path);
        if (entry.type == EntryType::file) return Writing(context, entry, named).run(repository);
        return fail(ErrorCode::corrupt, "it is no file and no link, and lies in a companion");
    }();
    if (!written && written.error().code() != ErrorCode::cancelled) return std::move(written).error().while_doing(printable(named.meant));
    return written;
}

}  // namespace holdfast::operations
