#include "holdfast/live/frozen_unconnected.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

using WalIndexState = sqlite::RawFile::WalIndexState;

// What tells that nobody connected, committed or checkpointed between two looks.
//
// While SHARED is held, the last connection that closes cannot delete the -wal and -shm, so a connection that came and
// went has left a -shm behind. Where one lay there before, it shows in the times of the files that it wrote. (The times
// of the -shm itself say nothing: every look at it by root moves them.)
struct Marks {
    host::FileStatus main;
    std::optional<host::FileStatus> wal;
    std::uint64_t index_inode = 0, index_size = 0;
    bool operator==(const Marks&) const = default;
};

Result<Marks> marks_of(const DatabaseFiles& files) {
    Marks marks;
    marks.main = TRY(files.host.files.status(files.path));
    marks.wal = TRY(host::status_if_any(files.host.files, path_of(files, Sidecar::wal)));
    if (const auto index = TRY(host::status_if_any(files.host.files, files.path + "-shm"))) {
        marks.index_inode = index->inode;
        marks.index_size = index->size;
    }
    return marks;
}

// Kernels stamp files by their tick, some file systems by the second: of two changes within one such step the second
// leaves no trace in the times. So they must have come to rest before they count.
std::int64_t stamp_step_ns(const Marks& marks) {
    constexpr std::int64_t tick_ns = 20'000'000, coarse_step_ns = 2 * nanoseconds_per_second;
    const auto is_whole = [](Timestamp time) { return time.nanoseconds % 1'000'000 == 0; };
    const bool fine = !is_whole(marks.main.changed) || (marks.wal && !is_whole(marks.wal->changed));
    return fine ? tick_ns : coarse_step_ns;
}

Result<Marks> marks_at_rest(const DatabaseFiles& files) {
    constexpr int looks_max = 5;
    auto marks = TRY(marks_of(files));
    for (int look = 0; look < looks_max; ++look) {
        const auto newest = std::max(marks.main.changed, marks.wal ? marks.wal->changed : Timestamp{});
        const std::int64_t step = stamp_step_ns(marks), age = files.host.clock.now().nanoseconds - newest.nanoseconds;
        if (age > step) return marks;
        files.host.clock.sleep_ms((step - std::clamp<std::int64_t>(age, 0, step)) / 1'000'000 + 1);
        auto again = TRY(marks_of(files));
        if (again == marks) return marks;  // also where the clock that stamps files is ahead of ours
        marks = std::move(again);
    }
    return fail(ErrorCode::busy, "read {}: it keeps changing although nobody is connected", printable(files.path));
}

class FrozenUnconnected final : public Frozen {
public:
    FrozenUnconnected(DatabaseFiles files, WalIndexState seen) : files_(std::move(files)), seen_(seen) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override;
    Result<void> take();

private:
    Result<void> take_wal(sqlite::WalMap map);
    Result<void> take_file();

    DatabaseFiles files_;
    WalIndexState seen_;
    Marks marks_;
    std::optional<sqlite::RawFile> wal_;
    std::unique_ptr<sqlite::Image> image_;
    FreezeFacts facts_;
};

Result<void> FrozenUnconnected::take() {
    // Where no -shm is, one that appears is proof enough.
    marks_ = seen_ == WalIndexState::absent ? TRY(marks_of(files_)) : TRY(marks_at_rest(files_));
    facts_.frozen = files_.host.clock.now();
    facts_.file = marks_.main;
    wal_ = TRY(open_sidecar(files_, Sidecar::wal));
    auto map = wal_ ? TRY(sqlite::scan_wal(*wal_)) : std::nullopt;
    if (map && map->last_frame.value != 0) {
        TRY(take_wal(std::move(*map)));
    } else {
        TRY(take_file());
    }
    facts_.header = TRY(header_of(*image_));
    return {};
}

Result<void> FrozenUnconnected::take_wal(sqlite::WalMap map) {
    facts_.way = ReadAs::wal_leftover;
    facts_.wal = map.header;
    facts_.wal_frame = map.last_frame;
    facts_.wal_checksum = map.checksum;
    const auto header = sqlite::parse_database_header(TRY(first_bytes(files_.main, sqlite::database_header_size)));
    if (header && header->page_size != map.header.page_size) {
        return fail(ErrorCode::corrupt, "it has pages of {} bytes, the -wal beside it of {}: that belongs to another database",
                    header->page_size.bytes(), map.header.page_size.bytes())
            .with_advice("if the -wal was left beside a restored or copied database, move it away");
    }
    facts_.wal_is_of_another_file = TRY(sqlite::foreign_change_counter(files_.main, *wal_, map)).has_value();
    image_ = sqlite::wal_image(files_.main, *wal_, std::move(map));
    return {};
}

Result<void> FrozenUnconnected::take_file() {
    facts_.way = ReadAs::wal_quiet;
    const auto header = TRY(sqlite::parse_database_header(TRY(first_bytes(files_.main, sqlite::database_header_size))));
    image_ = sqlite::file_image(files_.main, header.page_size, TRY(pages_of_file(TRY(files_.main.size()), header)));
    return {};
}

Result<FreezeReport> FrozenUnconnected::finish() {
    TRY(expect_same_file(files_));
    const auto marks = TRY(marks_of(files_));
    const auto seen = TRY(files_.main.wal_index_state());
    files_.main.unlock();
    if (seen != seen_ || marks != marks_) {
        return fail(ErrorCode::busy, "read {}: somebody connected to it meanwhile", printable(files_.path));
    }
    return FreezeReport{};
}

}  // namespace

Result<std::unique_ptr<Frozen>> freeze_unconnected(DatabaseFiles files, WalIndexState seen) {
    auto frozen = std::make_unique<FrozenUnconnected>(std::move(files), seen);
    TRY(frozen->take());
    return std::unique_ptr<Frozen>(std::move(frozen));
}

}  // namespace holdfast::live
