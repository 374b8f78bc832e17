#include "holdfast/live/frozen_pinned.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/frozen_copy.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

// The pin, a read transaction of a connection of our own, holds one of the wal-index's read marks. Which one cannot be
// asked for, and need not be. Let M be the last committed frame, and B the frame up to which checkpoints have brought
// the WAL into the database file, both read after the pin began:
//
//   a mark above 0 (a frame R <= M)     no checkpoint goes beyond R, and the WAL does not start again
//   mark 0 (all was in the file then)   no checkpoint writes at all; the WAL may start again, but what is committed
//                                       after that is not checkpointed, so it starts again once at most
//
//   B <  M   then frames are not in the file that must be: under either mark the WAL goes on growing, and frames up to
//            M stay. The image is these frames over the file; what a checkpoint changes in the file are pages that the
//            image takes from the frames.
//   B == M   then the file alone is the database at M, and no checkpoint will change it: under a mark above 0 because
//            R is not above M, under mark 0 anyway. The WAL may start again; the image does not need it.
class FrozenPinned final : public Frozen {
public:
    FrozenPinned(DatabaseFiles files, sqlite::RawFile wal, sqlite::Connection reader)
        : files_(std::move(files)), wal_(std::move(wal)), reader_(std::move(reader)) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override;

    Result<void> take();
    Result<std::unique_ptr<Frozen>> copied() && { return freeze_by_copy(std::move(files_), std::move(*reader_)); }

private:
    Result<sqlite::WalIndexHeader> settled_head() const;
    Result<void> take_frames();
    Result<void> take_file();
    bool still_holds(const sqlite::WalIndexHeader& now) const;

    DatabaseFiles files_;
    sqlite::RawFile wal_;
    std::optional<sqlite::Connection> reader_;
    sqlite::WalIndexHeader head_;
    bool needs_frames_ = false;
    std::unique_ptr<sqlite::Image> image_;
    FreezeFacts facts_;
};

// B stands outside the header that M and the salts are in. Two looks with the same salts: B of the first one belongs to
// that life of the WAL.
Result<sqlite::WalIndexHeader> FrozenPinned::settled_head() const {
    host::Clock& clock = files_.host.clock;
    const std::int64_t give_up_ns = clock.monotonic_ns() + files_.options.busy_timeout_ms * 1'000'000;
    constexpr int looks_min = 3;  // also for who does not want to wait
    std::optional<sqlite::WalIndexHeader> before;
    for (int look = 1;; ++look) {
        auto head = files_.main.wal_index_head();
        if (!head && head.error().code() != ErrorCode::busy) return std::move(head).error();
        auto now = head ? TRY(sqlite::parse_wal_index_header(*head)) : std::nullopt;
        if (before && now && before->salts == now->salts) return *before;
        if (now) before = now;
        if (look >= looks_min && clock.monotonic_ns() >= give_up_ns) break;
        if (!now) clock.sleep_ms(1);
    }
    return fail(ErrorCode::unavailable, "read {}-shm: it does not come to rest", printable(files_.path));
}

Result<void> FrozenPinned::take() {
    constexpr int looks_max = 3;
    for (int look = 1;; ++look) {
        head_ = TRY(settled_head());
        needs_frames_ = head_.backfilled < head_.last_frame;
        auto taken = needs_frames_ ? take_frames() : take_file();
        if (!taken && look < looks_max) continue;
        if (!taken) return taken;
        break;
    }
    facts_.way = ReadAs::wal;
    facts_.wal_frame = head_.last_frame;
    facts_.wal_checksum = head_.last_frame_checksum;
    facts_.header = TRY(header_of(*image_));
    facts_.frozen = files_.host.clock.now();
    facts_.file = TRY(files_.host.files.status(files_.path));
    return {};
}

Result<void> FrozenPinned::take_frames() {
    auto map = TRY(sqlite::scan_wal(wal_, {.until = head_.last_frame}));
    if (!map || map->header.salts != head_.salts || map->checksum != head_.last_frame_checksum) {
        return fail(ErrorCode::corrupt, "{}: it is not the one that its wal-index describes",
                    printable(path_of(files_, Sidecar::wal)));
    }
    facts_.wal = map->header;
    image_ = sqlite::wal_image(files_.main, wal_, std::move(*map));
    return {};
}

Result<void> FrozenPinned::take_file() {
    const auto header = TRY(sqlite::parse_database_header(TRY(first_bytes(files_.main, sqlite::database_header_size))));
    const bool is_counted = head_.last_frame.value != 0;
    const auto pages = is_counted ? head_.database_pages : TRY(pages_of_file(TRY(files_.main.size()), header));
    const auto wal = sqlite::parse_wal_header(TRY(first_bytes(wal_, sqlite::wal_header_size)));
    if (wal && wal->salts == head_.salts) facts_.wal = *wal;
    image_ = sqlite::file_image(files_.main, header.page_size, pages);
    return {};
}

// What the table above promises of M, B and the salts. Where it does not hold, neither did the pin: somebody in this
// process closed a descriptor of the file, for example, and with it dropped our locks.
bool FrozenPinned::still_holds(const sqlite::WalIndexHeader& now) const {
    const bool same_life = now.salts == head_.salts;
    if (!needs_frames_) return now.backfilled.value == (same_life ? head_.backfilled.value : 0);
    return same_life && now.last_frame >= head_.last_frame && now.backfilled <= head_.last_frame;
}

Result<FreezeReport> FrozenPinned::finish() {
    TRY(expect_same_file(files_));
    const auto now = settled_head();
    const bool held = now && still_holds(*now);
    TRY(reader_->execute("ROLLBACK"));
    reader_.reset();
    const auto after = files_.main.wal_index_state();
    files_.main.unlock();
    if (!held) {
        return fail(ErrorCode::busy, "read {}: its write-ahead log started again meanwhile", printable(files_.path));
    }
    return FreezeReport{.others_left = after && *after != sqlite::RawFile::WalIndexState::connected};
}

Result<sqlite::Connection> begin_reading(const DatabaseFiles& files) {
    auto reader = TRY(sqlite::Connection::open(
        files.path, {.vfs = files.options.vfs, .busy_timeout_ms = files.options.busy_timeout_ms}));
    TRY(pin(reader));
    return reader;
}

}  // namespace

Result<void> pin(sqlite::Connection& reader) {
    TRY(reader.execute("BEGIN"));
    TRY(reader.integer("PRAGMA schema_version"));
    return {};
}

Result<std::unique_ptr<Frozen>> freeze_pinned(DatabaseFiles files) {
    // Without it a connection of ours would create one; and the others write to one that has lost its name.
    auto wal = TRY(open_sidecar(files, Sidecar::wal));
    if (!wal) {
        return fail(ErrorCode::corrupt, "its -wal was removed while somebody is connected: what they commit is in a file "
                                        "without a name")
            .with_advice("make the application save elsewhere before it is stopped: what it wrote is lost otherwise");
    }
    auto reader = begin_reading(files);
    const auto seen = files.main.wal_index_state();
    if (!reader && seen && *seen != sqlite::RawFile::WalIndexState::connected) {
        return fail(ErrorCode::busy, "everybody closed it just now");  // it can be read without a connection
    }
    if (!reader) return std::move(reader).error();
    auto frozen = std::make_unique<FrozenPinned>(std::move(files), std::move(*wal), std::move(*reader));
    auto taken = frozen->take();
    if (taken) return std::unique_ptr<Frozen>(std::move(frozen));
    return std::move(*frozen).copied();
}

}  // namespace holdfast::live
