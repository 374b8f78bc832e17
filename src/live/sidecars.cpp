#include "holdfast/live/sidecars.h"

#include "holdfast/base/text.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/hot_journal.h"
#include "holdfast/live/who_has_it.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::live {
namespace {

using WalIndexState = sqlite::RawFile::WalIndexState;

// Why the database file may be another one than that on which the WAL was written; empty: nothing speaks for it. Beside a
// WAL that nobody writes any more, only a checkpoint changes the file, and what it brings there are pages of the WAL.
Result<std::string> doubt_of(const DatabaseFiles& files, const sqlite::RawFile& wal, const sqlite::WalMap& map) {
    if (const auto counter = TRY(sqlite::foreign_change_counter(files.main, wal, map))) {
        return format("the database file has change counter {}, which it cannot have had since this WAL was begun: it is another file, put there later", *counter);
    }
    const auto file = TRY(files.host.files.status(files.path)), log = TRY(files.host.files.status(path_of(files, Sidecar::wal)));
    if (file.modified <= log.modified || TRY(sqlite::holds_pages_of(files.main, wal, map))) return std::string();
    return std::string("the database file was written to after it, and not with what is in it: as a copy does that is put in its place");
}

// Of a WAL that nobody is connected to.
Result<void> judge_wal(const DatabaseFiles& files, SidecarSeen& seen) {
    const auto wal = TRY(open_sidecar(files, Sidecar::wal));
    if (!wal) return {};
    const auto header = sqlite::parse_database_header(TRY(first_bytes(files.main, sqlite::database_header_size)));
    if (!header) {
        seen.state = SidecarState::unreadable;
        seen.why = "the database has no header that could be compared with it";
        return {};
    }
    const auto map = TRY(sqlite::scan_wal(*wal));
    if (!map || map->last_frame.value == 0) return {};  // nothing in it counts
    seen.state = SidecarState::leftover_wal;
    seen.pages = map->last_frame.value;
    if (map->header.page_size.bytes() != header->page_size.bytes()) {
        seen.state = SidecarState::other_database;
        seen.why = format("its pages have {} bytes, those of the database {}", map->header.page_size.bytes(), header->page_size.bytes());
    } else if (!header->is_wal()) {
        // SQLite marks the first page before it makes a WAL, and removes the WAL before it unmarks the page; but one that
        // lies there it takes in, whatever the page says.
        seen.state = SidecarState::other_database;
        seen.why = "the database is not in WAL mode";
    } else if (auto doubt = TRY(doubt_of(files, *wal, *map)); !doubt.empty()) {
        seen.state = SidecarState::doubtful_wal;
        seen.why = std::move(doubt);
    }
    return {};
}

Result<void> judge_journal(DatabaseFiles& files, SidecarSeen& seen) {
    const auto locked = lock_patiently(files);
    if (!locked && locked.error().code() == ErrorCode::busy) {
        seen.state = SidecarState::in_use;  // whoever keeps readers out is alive, and within a transaction
        return {};
    }
    if (!locked) return locked.error().copy();
    auto hot = find_hot_journal(files);
    files.main.unlock();
    if (!hot) {
        seen.state = SidecarState::unreadable;
        seen.why = hot.error().message();
    } else if (*hot) {
        seen.state = SidecarState::hot_journal;
        seen.pages = (*hot)->map.offset_of_page.size();
    } else if (files.main.is_reserved().value_or(false)) {
        seen.state = SidecarState::in_use;
    }
    return {};
}

Result<std::vector<SidecarSeen>> present(host::Host host, const std::string& path) {
    std::vector<SidecarSeen> found;
    for (const char* ending : {"-wal", "-shm", "-journal"}) {
        const auto status = TRY(host::status_if_any(host.files, path + ending));
        if (!status) continue;
        found.push_back({.path = path + ending, .state = SidecarState::harmless, .size = status->size, .pages = 0, .why = {}});
        if (status->kind == host::FileKind::regular) continue;
        found.back().state = SidecarState::unreadable;
        found.back().why = "it is not a file";
    }
    return found;
}

}  // namespace

Result<std::vector<SidecarSeen>> sidecars_of(host::Host host, const std::string& path, const FreezeOptions& options) {
    auto found = TRY(present(host, path));
    const auto database = TRY(host::status_if_any(host.files, path));
    if (!database || database->size == 0) {
        for (auto& seen : found) {
            if (seen.size > 0 && !seen.path.ends_with("-shm")) seen.state = SidecarState::no_database;
        }
        return found;
    }
    if (found.empty()) return found;
    auto files = TRY(open_database_files(host, path, options));
    // One in exclusive locking mode has no wal-index, but the files.
    const bool is_connected = TRY(files.main.wal_index_state()) == WalIndexState::connected || !openers_of(host, path).found.empty();
    for (auto& seen : found) {
        if (seen.state == SidecarState::unreadable || seen.size == 0) continue;
        const bool is_journal = seen.path.ends_with("-journal");
        if (is_connected && !is_journal) seen.state = SidecarState::in_use;
        else if (is_journal) TRY(judge_journal(files, seen));
        else if (seen.path.ends_with("-wal")) TRY(judge_wal(files, seen));
    }
    return found;
}

}  // namespace holdfast::live
