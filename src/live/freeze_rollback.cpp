// Databases in rollback-journal mode: SHARED holds them still; a hot journal is read through and left alone.
#include "holdfast/base/text.h"
#include "holdfast/live/place.h"
#include "holdfast/sqlite/file_image.h"
#include "holdfast/sqlite/rollback_journal.h"

namespace holdfast::live {
namespace {

class FrozenRollback : public Frozen {
public:
    FrozenRollback(Place place, Locked locked, FreezeFacts facts)
        : place_(std::move(place)), locked_(std::move(locked)), facts_(std::move(facts)) {}

    Result<void> look_through_file() {
        const auto pages = TRY(whole_pages(TRY(locked_.file.size()), locked_.header.page_size, place_.path));
        image_ = sqlite::file_image(locked_.file, locked_.header.page_size, pages);
        return {};
    }
    Result<void> look_through_journal(sqlite::RawFile journal, sqlite::JournalMap map) {
        journal_.emplace(std::move(journal));
        image_ = sqlite::journal_image(locked_.file, *journal_, std::move(map));
        Bytes first(image_->page_size().bytes());
        TRY(image_->read({.first = sqlite::PageNumber{1}, .count = 1}, first));
        facts_.header = TRY(sqlite::parse_database_header(first));
        return {};
    }

    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override {
        const double held_ms = static_cast<double>(place_.host.clock.monotonic_ns() - locked_.since_ns) / 1e6;
        locked_.file.unlock();
        return FreezeReport{.writers_blocked_ms = held_ms};
    }

private:
    Place place_;
    Locked locked_;
    FreezeFacts facts_;
    std::optional<sqlite::RawFile> journal_;
    std::unique_ptr<sqlite::Image> image_;  // refers to the files above: goes first
};

class FrozenEmpty : public Frozen {
public:
    explicit FrozenEmpty(FreezeFacts facts) : facts_(std::move(facts)) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override { return FreezeReport{}; }

private:
    FreezeFacts facts_;
    std::unique_ptr<sqlite::Image> image_ = sqlite::memory_image(sqlite::PageSize::from_bytes(4096).value(), {});
};

// A journal that names a super-journal which is gone was committed: it is not hot (facts: rollback journal).
Result<bool> super_journal_is_gone(const Place& place, const std::string& name) {
    if (name.empty()) return false;
    return !TRY(host::exists(place.host.files, name));
}

}  // namespace

Result<std::unique_ptr<Frozen>> freeze_rollback(const Place& place, Locked locked) {
    FreezeFacts facts{.way = ReadAs::rollback, .file = TRY(place.host.files.status(place.path)), .header = locked.header, .frozen = place.host.clock.now()};
    auto frozen = std::make_unique<FrozenRollback>(place, std::move(locked), std::move(facts));
    TRY(frozen->look_through_file());
    return std::unique_ptr<Frozen>(std::move(frozen));
}

Result<std::unique_ptr<Frozen>> freeze_hot_journal(const Place& place, Locked& locked) {
    std::unique_ptr<Frozen> none;
    const auto status = TRY(host::status_if_any(place.host.files, place.journal()));
    if (!status || status->size == 0) return none;
    if (TRY(locked.file.is_reserved())) return none;  // a living writer's
    auto journal = open_raw(place, sqlite::RawFileKind::journal);
    if (!journal && journal.error().code() == ErrorCode::not_found) return none;  // committed meanwhile
    if (!journal) return std::move(journal).error();
    auto map = TRY(sqlite::scan_journal(*journal, locked.header.page_size));
    if (!map || TRY(super_journal_is_gone(place, map->super_journal))) return none;
    FreezeFacts facts{.way = ReadAs::hot_journal, .file = TRY(place.host.files.status(place.path)), .header = locked.header, .frozen = place.host.clock.now()};
    auto frozen = std::make_unique<FrozenRollback>(place, std::move(locked), std::move(facts));
    TRY(frozen->look_through_journal(std::move(journal).value(), std::move(*map)));
    return std::unique_ptr<Frozen>(std::move(frozen));
}

std::unique_ptr<Frozen> frozen_empty(const Place& place, const host::FileStatus& status) {
    return std::make_unique<FrozenEmpty>(FreezeFacts{.way = ReadAs::empty, .file = status, .header = {}, .frozen = place.host.clock.now()});
}

}  // namespace holdfast::live
