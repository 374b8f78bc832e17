#include "holdfast/live/hot_journal.h"

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

constexpr std::size_t journal_header_bytes = 28;
constexpr std::uint32_t default_page_bytes = 4096;  // SQLite's, where the database's header tells none

// A journal that one connection has just begun looks hot to all others but for RESERVED, which that connection took
// before. So: bytes, then nobody has RESERVED, then the same bytes (the nonce among them is random). The journal that
// was there in between belongs to nobody alive.
Result<bool> is_left_behind(const DatabaseFiles& files, const sqlite::RawFile& journal) {
    constexpr int looks_max = 10;
    for (int look = 0; look < looks_max; ++look) {
        const auto before = TRY(first_bytes(journal, journal_header_bytes));
        if (before.front() == std::byte{0} || TRY(files.main.is_reserved())) return false;
        if (TRY(first_bytes(journal, journal_header_bytes)) == before) return true;
    }
    return false;  // it changes all the time: somebody alive is writing it
}

sqlite::PageSize page_size_of(const DatabaseFiles& files) {
    const auto bytes = first_bytes(files.main, sqlite::database_header_size);
    if (bytes) {
        if (const auto header = sqlite::parse_database_header(*bytes)) return header->page_size;
    }
    const auto usual = sqlite::PageSize::from_bytes(default_page_bytes);
    HOLDFAST_ASSERT(usual.ok());
    return *usual;
}

// While the super-journal is there, the transaction over several databases is not committed. It lies beside one of
// them and is named by the path it had: where that folder was moved, or is seen under another path, it is looked for
// beside this database too.
Result<bool> super_journal_is_there(const DatabaseFiles& files, const std::string& name) {
    if (TRY(host::exists(files.host.files, name))) return true;
    return host::exists(files.host.files, host::join_path(host::folder_of(files.path), host::file_name_of(name)));
}

}  // namespace

Result<std::optional<HotJournal>> find_hot_journal(const DatabaseFiles& files) {
    if (TRY(files.main.is_reserved())) return std::optional<HotJournal>();
    auto journal = TRY(open_sidecar(files, Sidecar::journal));
    if (!journal || !TRY(is_left_behind(files, *journal))) return std::optional<HotJournal>();
    auto map = TRY(sqlite::scan_journal(*journal, page_size_of(files)));
    if (!map) return std::optional<HotJournal>();
    if (!map->super_journal.empty() && !TRY(super_journal_is_there(files, map->super_journal))) {
        return std::optional<HotJournal>();
    }
    return std::optional(HotJournal{std::move(*journal), std::move(*map)});
}

}  // namespace holdfast::live
