#include "holdfast/live/settled_file.h"

#include <algorithm>
#include <tuple>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

Error changed(const std::string& path, std::string_view how) {
    return fail(ErrorCode::busy, "read {}: {}", printable(path), how).with_advice("wait until the program that writes it is done, and try again");
}

}  // namespace

bool is_same_state(const host::FileStatus& a, const host::FileStatus& b) {
    const auto state = [](const host::FileStatus& of) { return std::tuple(of.kind, of.device, of.inode, of.size, of.modified, of.changed); };
    return state(a) == state(b);
}

Result<Settling> settle(host::FileSystem& files, const std::string& path, const host::FileStatus& expected) {
    const auto file = files.open_to_read_unfollowed(path);
    if (!file && (file.error().code() == ErrorCode::not_found || file.error().code() == ErrorCode::invalid)) return Settling::changed;
    if (!file) return file.error().copy();
    const bool shows = (*file)->shows_mapped_writes();
    if (shows) TRY((*file)->write_out());
    if (!is_same_state(TRY((*file)->status()), expected)) return Settling::changed;
    return shows ? Settling::settled : Settling::hidden;
}

void begin_settling(host::FileSystem& files, const std::string& path) noexcept {
    constexpr std::uint64_t to_the_end = 0;
    const auto file = files.open_to_read_unfollowed(path);
    if (file) (*file)->begin_writing_out(0, to_the_end);
}

bool is_too_young(const host::FileStatus& status, Timestamp looked_at) {
    constexpr std::int64_t young_ns = young_ms * 1'000'000;
    const std::int64_t age_ns = looked_at.nanoseconds - status.changed.nanoseconds;
    return -young_ns < age_ns && age_ns < young_ns;
}

Result<SettledFile> SettledFile::open(host::FileSystem& files, const std::string& path, const host::FileStatus& expected) {
    SettledFile settled(files, path, expected);
    auto file = files.open_to_read_unfollowed(path);
    if (!file && file.error().code() == ErrorCode::invalid) return changed(path, "it is no file any more");
    settled.file_ = TRY(std::move(file));
    if (!is_same_state(TRY(settled.file_->status()), expected)) return changed(path, "it has changed since it was looked at");
    return settled;
}

Result<SettledFile> SettledFile::open_as_it_is(host::FileSystem& files, const std::string& path) {
    auto file = files.open_to_read_unfollowed(path);
    if (!file && file.error().code() == ErrorCode::invalid) return changed(path, "it is no file any more");
    if (!file) return std::move(file).error();
    SettledFile settled(files, path, TRY((*file)->status()));
    settled.file_ = *std::move(file);
    return settled;
}

Result<SettledFile> SettledFile::clone(host::FileSystem& files, const std::string& path, const host::FileStatus& expected) {
    auto cloned = files.clone_unfollowed(path);
    if (!cloned && cloned.error().code() == ErrorCode::invalid) return changed(path, "it is no file any more");
    if (!cloned) return std::move(cloned).error();
    if (!is_same_state(cloned->original, expected)) return changed(path, "it has changed since it was looked at");
    SettledFile settled(files, path, expected);
    settled.file_ = std::move(cloned->clone);
    settled.is_clone_ = true;
    return settled;
}

Result<void> SettledFile::read(std::uint64_t offset, MutableByteView into) const {
    HOLDFAST_ASSERT(offset <= size() && into.size() <= size() - offset);
    if (TRY(file_->read_at(offset, into)) == into.size()) return {};
    return changed(path_, "it changed while it was read, and is shorter now");
}

std::uint64_t SettledFile::next_data(std::uint64_t offset) const noexcept { return std::min(file_->next_data(offset), size()); }

Result<bool> SettledFile::is_as_it_was() const {
    if (is_clone_) return true;
    if (!is_same_state(TRY(file_->status()), expected_)) return false;
    const auto named = files_->status_of_link(path_);
    if (!named && named.error().code() == ErrorCode::not_found) return false;
    if (!named) return named.error().copy();
    return is_same_state(*named, expected_);
}

}  // namespace holdfast::live
