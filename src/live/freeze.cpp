#include "holdfast/live/freeze.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/first_look.h"
#include "holdfast/live/frozen_file.h"
#include "holdfast/live/frozen_pinned.h"
#include "holdfast/live/frozen_unconnected.h"
#include "holdfast/live/held_locks.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

using WalIndexState = sqlite::RawFile::WalIndexState;
using FirstLook = std::function<Result<void>(const sqlite::Image&)>;
using Header = std::optional<sqlite::DatabaseHeader>;

Result<Header> header_of_file(const DatabaseFiles& files) {
    auto header = sqlite::parse_database_header(TRY(first_bytes(files.main, sqlite::database_header_size)));
    return header ? Header(*header) : Header();
}

// SQLite opens a WAL that lies beside a database whatever the database's header says.
Result<bool> is_in_wal_mode(const DatabaseFiles& files, const Header& header) {
    if (header && header->is_wal()) return true;
    return host::exists(files.host.files, path_of(files, Sidecar::wal));
}

// Whether somebody commits so fast that a pin which lasts would cost him: it keeps his WAL from starting again
// (docs/decisions/0012). Where he commits less, looking twice would only store twice what changes in between.
Result<bool> is_written_fast(const DatabaseFiles& files) {
    constexpr std::int64_t watched_ms = 2, frames_min = 40;
    if (TRY(files.main.wal_index_state()) != WalIndexState::connected) return false;
    for (int look = 0; look < 3; ++look) {
        const auto before = sqlite::parse_wal_index_header(TRY(files.main.wal_index_head()));
        files.host.clock.sleep_ms(watched_ms);
        const auto after = sqlite::parse_wal_index_header(TRY(files.main.wal_index_head()));
        const bool is_one_life = before && after && *before && *after && (*before)->salts == (*after)->salts;
        if (is_one_life) return std::int64_t{(*after)->last_frame.value} - (*before)->last_frame.value >= frames_min;
    }
    return true;  // its WAL starts again all the time
}

// The page size that was looked at; none when there was no look.
Result<std::optional<sqlite::PageSize>> look_before_the_lock(const DatabaseFiles& files, const FirstLook& first_look) {
    std::optional<sqlite::PageSize> none;
    if (!first_look || is_held_by_us(files.status)) return none;
    const auto header = TRY(header_of_file(files));
    if (!header) return none;
    if (TRY(is_in_wal_mode(files, header)) && !is_written_fast(files).value_or(false)) return none;
    const auto pages = TRY(pages_of_file(TRY(files.main.size()), *header));
    if (pages.value == 0) return none;
    const auto torn = sqlite::file_image(files.main, header->page_size, pages);
    TRY(first_look(*torn));
    return std::optional(header->page_size);
}

Result<WalIndexState> wal_index_state_patiently(const DatabaseFiles& files) {
    host::Clock& clock = files.host.clock;
    const std::int64_t give_up_ns = clock.monotonic_ns() + files.options.busy_timeout_ms * 1'000'000;
    for (;;) {
        auto state = files.main.wal_index_state();
        if (state || state.error().code() != ErrorCode::busy || clock.monotonic_ns() >= give_up_ns) return state;
        clock.sleep_ms(1);
    }
}

bool holds_every_page(const sqlite::WalMap& map) {
    const auto held = std::ranges::count_if(
        map.frame_of, [&](const auto& entry) { return entry.first <= map.database_pages.value; });
    const bool has_lock_page = sqlite::lock_page(map.header.page_size) <= map.database_pages;
    return held + (has_lock_page ? 1 : 0) == std::int64_t{map.database_pages.value};
}

// SQLite takes a file without a byte for an empty database and removes a WAL that lies beside it. If that WAL holds
// committed pages, the file was emptied by something else, and the WAL may be all that is left: it is read when it
// holds every page, and never touched.
Result<std::unique_ptr<Frozen>> freeze_without_bytes(DatabaseFiles files, host::Stopwatch locked) {
    auto wal = TRY(open_sidecar(files, Sidecar::wal));
    const auto map = wal ? TRY(sqlite::scan_wal(*wal)) : std::nullopt;
    wal.reset();
    if (!map || map->last_frame.value == 0) return freeze_empty(std::move(files), locked);
    const auto state = TRY(wal_index_state_patiently(files));
    if (holds_every_page(*map) && state != WalIndexState::connected) return freeze_unconnected(std::move(files), state);
    return fail(ErrorCode::corrupt, "it is empty, but its -wal holds {} committed pages{}", map->frame_of.size(),
                state == WalIndexState::connected ? " and somebody is connected" : "")
        .with_advice("keep a copy of the -wal before any program opens the database: SQLite would remove it");
}

// As SQLite does it: a hot journal first, then a WAL, then the file alone.
Result<std::unique_ptr<Frozen>> freeze_locked(DatabaseFiles files, host::Stopwatch locked) {
    if (TRY(files.main.size()) == 0) return freeze_without_bytes(std::move(files), locked);
    if (auto journal = TRY(find_hot_journal(files))) {
        return freeze_hot_journal(std::move(files), std::move(*journal), locked);
    }
    const auto header = TRY(header_of_file(files));
    if (!TRY(is_in_wal_mode(files, header))) return freeze_rollback(std::move(files), locked);
    const auto state = TRY(wal_index_state_patiently(files));
    if (state == WalIndexState::connected) return freeze_pinned(std::move(files));
    return freeze_unconnected(std::move(files), state);
}

Result<void> lock(DatabaseFiles& files) {
    if (!is_held_by_us(files.status)) return lock_patiently(files);
    auto locked = files.main.lock_shared();  // a WAL database can be locked all the same
    if (!locked && locked.error().code() != ErrorCode::busy) return locked;
    return {};
}

}  // namespace

std::string_view name_of(ReadAs way) {
    switch (way) {
        case ReadAs::empty: return "empty";
        case ReadAs::rollback: return "rollback";
        case ReadAs::hot_journal: return "hot-journal";
        case ReadAs::wal: return "wal";
        case ReadAs::wal_quiet: return "wal-quiet";
        case ReadAs::wal_leftover: return "wal-leftover";
        case ReadAs::backup_api: return "backup-api";
    }
    return "rollback";
}

bool has_wal(ReadAs way) {
    return way == ReadAs::wal || way == ReadAs::wal_quiet || way == ReadAs::wal_leftover || way == ReadAs::backup_api;
}

Result<std::unique_ptr<Frozen>> freeze(host::Host host, const std::string& path, const FreezeOptions& options,
                                       const FirstLook& first_look) {
    for (int attempt = 1;; ++attempt) {
        auto files = TRY(open_database_files(host, path, options));
        const auto looked_at = TRY(look_before_the_lock(files, first_look));
        TRY(lock(files));
        const host::Stopwatch locked(host.clock);
        const auto header = TRY(header_of_file(files));
        const bool look_again = looked_at && header && header->page_size != *looked_at;
        if (look_again && attempt < options.attempts_max) continue;
        auto frozen = freeze_locked(std::move(files), locked);
        const bool moved_on = !frozen && frozen.error().code() == ErrorCode::busy;
        if (moved_on && attempt < options.attempts_max) continue;
        if (!frozen) return std::move(frozen).error().while_doing(format("read {}", printable(path)));
        return frozen;
    }
}

Result<void> look_before_freeze(host::Host host, const std::string& path, const FreezeOptions& options, const FirstLook& look) {
    const auto files = TRY(open_database_files(host, path, options));
    TRY(look_before_the_lock(files, look));
    return {};
}

Result<FrozenOnce> with_frozen(host::Host host, const std::string& path, const FreezeOptions& options,
                               const FreezeUse& use) {
    double blocked_ms = 0;
    for (int attempt = 1;; ++attempt) {
        auto frozen = TRY(freeze(host, path, options, use.first_look));
        if (options.when_held) options.when_held();
        auto used = use.use(frozen->image(), frozen->facts());
        if (!used && used.error().code() == ErrorCode::cancelled) return std::move(used).error();
        auto report = frozen->finish();
        const bool moved_on = !report && report.error().code() == ErrorCode::busy;
        if (moved_on && attempt < options.attempts_max) continue;
        if (!report) return std::move(report).error();
        if (!used) return std::move(used).error();
        report->writers_blocked_ms = blocked_ms += report->writers_blocked_ms;
        report->attempts = attempt;
        return FrozenOnce{frozen->facts(), *report};
    }
}

}  // namespace holdfast::live
