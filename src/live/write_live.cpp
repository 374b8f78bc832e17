// The live route: an image into a database that others have open, in one SQLite transaction, and the proof of it.
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/live/freeze.h"
#include "holdfast/live/held_locks.h"
#include "holdfast/live/replace.h"
#include "holdfast/sqlite/copy_pages.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

// The first page at which two images differ, apart from the header bytes that belong to the live file.
Result<std::optional<sqlite::PageNumber>> first_difference(const sqlite::Image& want, const sqlite::Image& have, const Watch& watch) {
    if (want.last_page() != have.last_page() || want.page_size() != have.page_size()) return std::optional(sqlite::PageNumber{1});
    const std::uint32_t page = want.page_size().bytes();
    const std::uint32_t pages_at_once = 1024 * 1024 / page;
    Buffer wanted(std::size_t{pages_at_once} * page), found(std::size_t{pages_at_once} * page);
    for (std::uint64_t at = 1; at <= want.last_page().value; at += pages_at_once) {
        TRY(watch.go_on());
        const sqlite::PageRange range{.first = sqlite::PageNumber{static_cast<std::uint32_t>(at)},
                                      .count = static_cast<std::uint32_t>(std::min<std::uint64_t>(pages_at_once, want.last_page().value - at + 1))};
        const auto a = wanted.span().first(std::size_t{range.count} * page), b = found.span().first(std::size_t{range.count} * page);
        TRY(want.read(range, a));
        TRY(have.read(range, b));
        if (at == 1) {
            sqlite::mask_header_of_live_restore(a.first(page));
            sqlite::mask_header_of_live_restore(b.first(page));
        }
        for (std::uint32_t i = 0; i < range.count; ++i)
            if (std::memcmp(a.data() + std::size_t{i} * page, b.data() + std::size_t{i} * page, page) != 0)
                return std::optional(sqlite::PageNumber{range.first.value + i});
        watch.at({.phase = "proving", .done = (at - 1 + range.count) * page, .total = want.size()});
    }
    return std::optional<sqlite::PageNumber>();
}

// Tells whether other connections have committed, by a connection that only ever asks that.
class Bystander {
public:
    static Result<Bystander> open(const LiveRequest& request) {
        return Bystander(TRY(sqlite::Connection::open(request.path, {.mode = sqlite::OpenMode::read_write, .vfs = request.place.vfs, .keep_wal = true, .busy_timeout_ms = request.place.wait_ms})));
    }
    Result<std::int64_t> version() { return connection_.integer("PRAGMA data_version"); }

private:
    explicit Bystander(sqlite::Connection connection) : connection_(std::move(connection)) {}
    sqlite::Connection connection_;
};

Result<void> prove(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch, WriteReport& report) {
    auto bystander = TRY(Bystander::open(request));
    const std::int64_t before = TRY(bystander.version());
    std::optional<sqlite::PageNumber> differs;
    const FreezeUse use{.first_look = {}, .use = [&](const sqlite::Image& now, const FreezeFacts&) -> Result<void> {
                            differs = TRY(first_difference(image, now, watch));
                            return {};
                        }};
    TRY(with_frozen(host, request.path, {.vfs = request.place.vfs, .busy_timeout_ms = request.place.wait_ms}, use));
    if (!differs) return {};
    if (TRY(bystander.version()) != before) {
        report.notes.push_back("applications wrote to the database again before it could be compared with the backup: SQLite committed the restore whole, the page by page proof was not possible");
        return {};
    }
    return fail(ErrorCode::corrupt, "prove the restore of {}: page {} is not what the backup holds", request.path, differs->value)
        .with_advice("the state before is in the safety backup; an application may have written meanwhile: stop it and restore again");
}

}  // namespace

Result<WriteReport> write_live(host::Host host, const sqlite::Image& image, const LiveRequest& request, const Watch& watch) {
    WriteReport report{.bytes_written = image.size()};
    const auto served = TRY(sqlite::serve_image(image));
    auto source = TRY(served->connect());
    const host::Stopwatch copying(host.clock);
    {
        auto destination = TRY(sqlite::Connection::open(request.path, {.mode = sqlite::OpenMode::read_write, .vfs = request.place.vfs, .busy_timeout_ms = request.place.wait_ms}));
        auto copy = TRY(sqlite::PageCopy::begin(source, destination));
        {
            const HeldLock held(TRY(host.files.status(request.path)));
            TRY(request.safety());
        }
        TRY(copy.commit([&](std::uint64_t done, std::uint64_t total) -> Result<void> {
            watch.at({.phase = "restoring", .done = done * image.page_size().bytes(), .total = total * image.page_size().bytes()});
            return watch.go_on();
        }));
    }
    report.copy_ms = copying.ms();
    const host::Stopwatch proving(host.clock);
    TRY(prove(host, image, request, watch, report));
    report.proof_ms = proving.ms();
    return report;
}

}  // namespace holdfast::live
