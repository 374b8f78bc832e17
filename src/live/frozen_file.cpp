#include "holdfast/live/frozen_file.h"

#include "holdfast/base/text.h"
#include "holdfast/live/frames_over.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

class FrozenFile final : public Frozen {
public:
    FrozenFile(DatabaseFiles files, host::Stopwatch locked) : files_(std::move(files)), locked_(locked) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override;

    Result<void> take_file();
    Result<void> take_nothing();
    Result<void> take_hot_journal(HotJournal journal);

private:
    Result<void> note(ReadAs way);

    DatabaseFiles files_;
    host::Stopwatch locked_;
    std::optional<HotJournal> journal_;
    std::optional<sqlite::RawFile> wal_;
    std::unique_ptr<sqlite::Image> below_;  // what frames of a WAL lie over
    std::unique_ptr<sqlite::Image> image_;
    FreezeFacts facts_;
};

Result<void> FrozenFile::note(ReadAs way) {
    facts_.way = way;
    facts_.frozen = files_.host.clock.now();
    facts_.file = TRY(files_.host.files.status(files_.path));
    facts_.header = TRY(header_of(*image_));
    return {};
}

Result<void> FrozenFile::take_file() {
    const auto header = TRY(sqlite::parse_database_header(TRY(first_bytes(files_.main, sqlite::database_header_size))));
    const auto pages = TRY(pages_of_file(TRY(files_.main.size()), header));
    image_ = sqlite::file_image(files_.main, header.page_size, pages);
    return note(ReadAs::rollback);
}

Result<void> FrozenFile::take_nothing() {
    constexpr std::uint32_t any_page_bytes = 4096;
    image_ = sqlite::memory_image(TRY(sqlite::PageSize::from_bytes(any_page_bytes)), {});
    return note(ReadAs::empty);
}

Result<void> FrozenFile::take_hot_journal(HotJournal journal) {
    journal_.emplace(std::move(journal));
    image_ = TRY(sqlite::journal_image(files_.main, journal_->file, std::move(journal_->map)));
    wal_ = TRY(open_sidecar(files_, Sidecar::wal));
    auto map = wal_ ? TRY(sqlite::scan_wal(*wal_)) : std::nullopt;
    if (map && map->last_frame.value != 0 && image_->last_page().value != 0) {
        facts_.wal = map->header;
        facts_.wal_frame = map->last_frame;
        facts_.wal_checksum = map->checksum;
        below_ = std::move(image_);
        image_ = TRY(frames_over(*below_, *wal_, std::move(*map)));
    }
    return note(ReadAs::hot_journal);
}

// SHARED kept every connection from writing. That nobody wrote past SQLite's locks is seen by the file's times: whoever
// did, did so after they were taken.
Result<FreezeReport> FrozenFile::finish() {
    TRY(expect_same_file(files_));
    const auto now = TRY(files_.host.files.status(files_.path));
    files_.main.unlock();
    if (now.size != facts_.file.size || now.modified != facts_.file.modified) {
        return fail(ErrorCode::busy, "read {}: it was changed past SQLite's locks meanwhile", printable(files_.path));
    }
    return FreezeReport{.writers_blocked_ms = locked_.ms()};
}

}  // namespace

Result<std::unique_ptr<Frozen>> freeze_rollback(DatabaseFiles files, host::Stopwatch locked) {
    auto frozen = std::make_unique<FrozenFile>(std::move(files), locked);
    TRY(frozen->take_file());
    return std::unique_ptr<Frozen>(std::move(frozen));
}

Result<std::unique_ptr<Frozen>> freeze_empty(DatabaseFiles files, host::Stopwatch locked) {
    auto frozen = std::make_unique<FrozenFile>(std::move(files), locked);
    TRY(frozen->take_nothing());
    return std::unique_ptr<Frozen>(std::move(frozen));
}

Result<std::unique_ptr<Frozen>> freeze_hot_journal(DatabaseFiles files, HotJournal journal, host::Stopwatch locked) {
    auto frozen = std::make_unique<FrozenFile>(std::move(files), locked);
    TRY(frozen->take_hot_journal(std::move(journal)));
    return std::unique_ptr<Frozen>(std::move(frozen));
}

}  // namespace holdfast::live
