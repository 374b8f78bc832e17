// Databases in WAL mode. Somebody connected: a read transaction pins the log, and the frames committed by then lie
// over the file. Nobody connected: the log left behind, if any, is read by us, and nobody may have come meanwhile.
#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/place.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/file_image.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::live {
namespace {

// What cannot stay the same when a connection has written: both files' identity, size and times.
struct Sight {
    std::optional<host::FileStatus> main, wal;
    bool shm = false;
    bool operator==(const Sight&) const = default;
};

Result<Sight> look(const Place& place) {
    auto& files = place.host.files;
    return Sight{.main = TRY(host::status_if_any(files, place.path)), .wal = TRY(host::status_if_any(files, place.wal())), .shm = TRY(host::exists(files, place.shm()))};
}

// Times are stamped by a clock that ticks every few milliseconds (or every second or two, where they have no
// fraction): a change within the tick of the last one would not show. So the last one must be a tick old.
void let_times_settle(const Place& place, const Sight& sight) {
    const auto wait_for = [&](const std::optional<host::FileStatus>& status) {
        if (!status) return;
        const bool coarse = status->changed.nanoseconds % nanoseconds_per_second == 0;
        const std::int64_t tick_ms = coarse ? 2'000 : 20;
        const std::int64_t age_ms = (place.host.clock.now().nanoseconds - status->changed.nanoseconds) / 1'000'000;
        if (age_ms >= 0 && age_ms < tick_ms) place.host.clock.sleep_ms(tick_ms - age_ms);
    };
    wait_for(sight.main);
    wait_for(sight.wal);
}

class FrozenWal : public Frozen {
public:
    FrozenWal(Place place, Locked locked, FreezeFacts facts) : place_(std::move(place)), locked_(std::move(locked)), facts_(std::move(facts)) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }

protected:
    Result<void> use_file(sqlite::PageNumber pages) {
        image_ = sqlite::file_image(locked_.file, locked_.header.page_size, pages);
        return {};
    }
    Result<void> use_log(sqlite::RawFile wal, sqlite::WalMap map) {
        if (map.header.page_size != locked_.header.page_size)
            return fail(ErrorCode::corrupt, "read {}: the log's pages are {} bytes, the database's {}", place_.wal(), map.header.page_size.bytes(), locked_.header.page_size.bytes());
        facts_.wal = map.header;
        facts_.wal_frame = map.last_frame;
        facts_.wal_checksum = map.checksum;
        wal_.emplace(std::move(wal));
        image_ = sqlite::wal_image(locked_.file, *wal_, std::move(map));
        return {};
    }
    // The first page as the image has it: frames may hold a newer header than the file.
    Result<void> take_header() {
        if (image_->last_page().value == 0) return {};
        Bytes first(image_->page_size().bytes());
        TRY(image_->read({.first = sqlite::PageNumber{1}, .count = 1}, first));
        facts_.header = TRY(sqlite::parse_database_header(first));
        return {};
    }

    Place place_;
    Locked locked_;
    FreezeFacts facts_;
    std::optional<sqlite::RawFile> wal_;
    std::unique_ptr<sqlite::Image> image_;  // refers to the files above: goes first
};

// Nobody is connected. SHARED keeps every last connection from deleting the log, so one that came leaves its trace.
class FrozenQuiet : public FrozenWal {
public:
    using FrozenWal::FrozenWal;

    Result<void> begin(sqlite::RawFile::WalIndexState state) {
        state_ = state;
        sight_ = TRY(look(place_));
        let_times_settle(place_, sight_);
        facts_.way = ReadAs::wal_quiet;
        if (sight_.wal && sight_.wal->size > sqlite::wal_header_size) {
            auto wal = TRY(open_raw(place_, sqlite::RawFileKind::wal));
            auto map = TRY(sqlite::scan_wal(wal));
            if (map && map->last_frame.value > 0) {
                facts_.way = ReadAs::wal_leftover;
                TRY(use_log(std::move(wal), std::move(*map)));
                return take_header();
            }
        }
        return use_file(TRY(whole_pages(TRY(locked_.file.size()), locked_.header.page_size, place_.path)));
    }

    Result<FreezeReport> finish() override {
        const bool same_files = TRY(look(place_)) == sight_;
        const bool same_state = TRY(locked_.file.wal_index_state()) == state_;
        locked_.file.unlock();
        if (!same_files || !same_state) return fail(ErrorCode::busy, "read {}: an application opened it under us", place_.path);
        return FreezeReport{};
    }

private:
    sqlite::RawFile::WalIndexState state_{};
    Sight sight_;
};

// Somebody is connected. While our read transaction lives, no checkpoint writes a page newer than it into the file
// (read mark 0: no page at all), and the log is not started anew before all of it is in the file. So the frames up to
// the last one committed now stay; if the file has them all already, the file alone is the image.
class FrozenPinned : public FrozenWal {
public:
    using FrozenWal::FrozenWal;

    Result<void> begin() {
        connection_.emplace(TRY(sqlite::Connection::open(place_.path, {.mode = sqlite::OpenMode::read_only, .vfs = place_.options.vfs, .busy_timeout_ms = place_.options.busy_timeout_ms})));
        TRY(connection_->execute("BEGIN"));
        TRY(connection_->integer("PRAGMA schema_version"));  // a read without the schema: the transaction begins
        index_ = TRY(stable_index());
        facts_.way = ReadAs::wal;
        facts_.frozen = place_.host.clock.now();
        if (index_->page_size != locked_.header.page_size) return fail(ErrorCode::busy, "read {}: its page size changed under us", place_.path);
        if (index_->backfilled == index_->last_frame) {
            TRY(use_file(index_->database_pages));
        } else {
            auto wal = TRY(open_raw(place_, sqlite::RawFileKind::wal));
            auto map = sqlite::scan_wal(wal, {.until = index_->last_frame});
            if (!map) return std::move(map).error().with_code(ErrorCode::busy);  // the log moved while it was read: look again
            if (!*map || (*map)->header.salts != index_->salts || !((*map)->checksum == index_->last_frame_checksum))
                return fail(ErrorCode::busy, "read {}: the log was started anew under us", place_.wal());
            TRY(use_log(std::move(wal), std::move(**map)));
        }
        return take_header();
    }

    Result<FreezeReport> finish() override {
        const auto now = TRY(stable_index());
        const bool pinned = index_->backfilled == index_->last_frame || now.salts == index_->salts;
        connection_.reset();
        locked_.file.unlock();
        if (!pinned) return fail(ErrorCode::busy, "read {}: the log was started anew under us", place_.path);
        return FreezeReport{};
    }

private:
    Result<sqlite::WalIndexHeader> stable_index() const {
        for (int look = 0; look < 2'000; ++look) {
            auto head = locked_.file.wal_index_head();
            if (!head && head.error().code() != ErrorCode::busy) return std::move(head).error();
            if (head) {
                const auto parsed = TRY(sqlite::parse_wal_index_header(*head));
                if (parsed) return *parsed;
            }
            place_.host.clock.sleep_ms(1);
        }
        return fail(ErrorCode::busy, "read {}: its wal-index does not come to rest", place_.path);
    }

    std::optional<sqlite::Connection> connection_;
    std::optional<sqlite::WalIndexHeader> index_;
};

}  // namespace

Result<std::unique_ptr<Frozen>> freeze_wal(const Place& place, Locked locked) {
    FreezeFacts facts{.way = ReadAs::wal, .file = TRY(place.host.files.status(place.path)), .header = locked.header, .frozen = place.host.clock.now()};
    const auto state = TRY(locked.file.wal_index_state());
    if (state == sqlite::RawFile::WalIndexState::connected) {
        auto frozen = std::make_unique<FrozenPinned>(place, std::move(locked), std::move(facts));
        TRY(frozen->begin());
        return std::unique_ptr<Frozen>(std::move(frozen));
    }
    auto frozen = std::make_unique<FrozenQuiet>(place, std::move(locked), std::move(facts));
    TRY(frozen->begin(state));
    return std::unique_ptr<Frozen>(std::move(frozen));
}

}  // namespace holdfast::live
