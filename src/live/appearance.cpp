#include <algorithm>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/freeze.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::live {
namespace {

class Look {
public:
    void add(std::string_view name, const host::FileStatus& status) {
        text_ += format("{}{} {}:{} {} {} {}", text_.empty() ? "" : " ", name, status.device, status.inode, status.size,
                        status.modified.nanoseconds, status.changed.nanoseconds);
        last_change_ = std::max(last_change_, status.changed);
    }
    void add(ByteView bytes) { text_ += format(" {}", to_hex(sha256(bytes).view().first(8))); }
    Appearance done() && { return {std::move(text_), last_change_}; }

private:
    std::string text_;
    Timestamp last_change_;
};

Result<void> look_at_sidecar(Look& look, const DatabaseFiles& files, Sidecar sidecar) {
    const std::string path = path_of(files, sidecar);
    const auto status = TRY(host::status_if_any(files.host.files, path));
    const auto file = status ? TRY(open_sidecar(files, sidecar)) : std::nullopt;
    if (!file) return {};
    look.add(sidecar == Sidecar::wal ? "wal" : "journal", *status);
    look.add(TRY(first_bytes(*file, sqlite::wal_header_size)));
    return {};
}

}  // namespace

// What is committed in a WAL shows in the wal-index before it shows in any file's times, where somebody is connected.
Result<Appearance> appearance_of(host::Host host, const std::string& path, const FreezeOptions& options) {
    Look look;
    const auto files = TRY(open_database_files(host, path, options));
    look.add("main", files.status);
    look.add(TRY(first_bytes(files.main, sqlite::database_header_size)));
    TRY(look_at_sidecar(look, files, Sidecar::wal));
    TRY(look_at_sidecar(look, files, Sidecar::journal));
    if (TRY(files.main.wal_index_state()) == sqlite::RawFile::WalIndexState::connected) {
        const auto head = TRY(files.main.wal_index_head());
        const auto index = TRY(sqlite::parse_wal_index_header(head));
        if (!index) return fail(ErrorCode::busy, "look at {}: somebody is just committing", printable(path));
        look.add(ByteView(head).first(48));
    }
    return std::move(look).done();
}

}  // namespace holdfast::live
