#include "holdfast/live/wal_state.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/file_locks.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/who_has_it.h"
#include "holdfast/sqlite/wal_readers.h"

namespace holdfast::live {
namespace {

// Of readers only slots that somebody holds count; a process may hold several.
Result<std::vector<WalPin>> pins_of(host::Host host, const std::string& path, const sqlite::WalReaders& readers, std::uint32_t frames) {
    const auto index = TRY(host.files.status(path + "-shm"));
    const auto locks = TRY(host::file_locks_held());
    const auto openers = openers_of(host, path);
    std::vector<WalPin> pins;
    for (const auto& lock : locks) {
        const auto opener = std::ranges::find(openers.found, lock.process, &host::Opener::process);
        if (lock.inode != index.inode || lock.is_write || opener == openers.found.end()) continue;
        for (std::size_t slot = 0; slot < sqlite::reader_slots; ++slot) {
            const std::uint64_t byte = sqlite::first_reader_lock + slot;
            const std::uint32_t mark = slot == 0 ? 0 : readers.marks[slot];
            if (lock.first <= byte && byte <= lock.last && mark < frames) pins.push_back({.process = lock.process, .command = opener->command, .up_to = mark});
        }
    }
    std::ranges::sort(pins, {}, &WalPin::up_to);
    return pins;
}

}  // namespace

Result<WalState> state_of_wal(host::Host host, const std::string& path, const FreezeOptions& options) {
    WalState state;
    const auto file = TRY(host::status_if_any(host.files, path + "-wal"));
    if (file) state.file_size = file->size;
    const auto files = TRY(open_database_files(host, path, options));
    if (TRY(files.main.wal_index_state()) != sqlite::RawFile::WalIndexState::connected) return state;
    state.is_connected = true;
    const auto head = TRY(files.main.wal_index_head());
    const auto header = TRY(sqlite::parse_wal_index_header(head));
    if (!header) return fail(ErrorCode::busy, "read the wal-index of {}: it is being written", printable(path));
    const auto readers = TRY(sqlite::parse_wal_readers(head));
    state.page_size = header->page_size ? header->page_size->bytes() : 0;
    state.frames = header->last_frame.value;
    state.waiting = state.frames - std::min(state.frames, readers.backfilled.value);
    if (state.waiting > 0) state.pins = TRY(pins_of(host, path, readers, state.frames));
    return state;
}

}  // namespace holdfast::live
