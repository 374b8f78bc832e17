#include "holdfast/live/sqlite_role.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "holdfast/sqlite/raw_file.h"

namespace holdfast::live {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t sector_bytes = 512;  // the smallest page
constexpr std::uint64_t wal_index_step_bytes = 32 * 1024;
constexpr auto database_beginning = "SQLite format 3\0"sv;
constexpr std::array wal_beginnings{"\x37\x7f\x06\x82"sv, "\x37\x7f\x06\x83"sv};
constexpr std::array journal_beginnings{"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"sv};

// The path is longer than SQLite takes, so SQLite has no lock on it that closing could lose.
Result<void> read_directly(host::FileSystem& files, const std::string& path, MutableByteView into) {
    const auto file = TRY(files.open_to_read_unfollowed(path));
    TRY(file->read_at(0, into));
    return {};
}

struct Beginning {
    sqlite::RawFileKind kind;
    std::span<const std::string_view> any_of;
};
Result<bool> begins_with(host::FileSystem& files, const std::string& path, const Beginning& beginning) {
    std::array<std::byte, database_beginning.size()> first{};
    const auto file = sqlite::RawFile::open(path, {.kind = beginning.kind});
    if (file) TRY(file->read(0, first));
    else if (file.error().code() == ErrorCode::invalid) TRY(read_directly(files, path, first));
    else return file.error().copy();
    return std::ranges::any_of(beginning.any_of, [&](std::string_view text) { return text_of(first).starts_with(text); });
}

Result<bool> begins_as_database(host::FileSystem& files, const std::string& path) {
    return begins_with(files, path, {.kind = sqlite::RawFileKind::database, .any_of = {&database_beginning, 1}});
}

struct SidecarName {
    std::string_view ending;
    std::optional<Beginning> beginning;  // none: not to be opened
};
const std::array<SidecarName, 3> sidecar_names{{
    {"-wal", Beginning{.kind = sqlite::RawFileKind::wal, .any_of = wal_beginnings}},
    {"-journal", Beginning{.kind = sqlite::RawFileKind::journal, .any_of = journal_beginnings}},
    {"-shm", std::nullopt},
}};

class Look {
public:
    Look(host::FileSystem& files, const ListedFolder& folder) : files_(files), folder_(folder) {}

    Result<bool> is_sidecar(const std::string& name, std::uint64_t size) const {
        for (const auto& known : sidecar_names) {
            if (!name.ends_with(known.ending) || name.size() == known.ending.size()) continue;
            if (TRY(looks_like(known, name, size))) return true;
            return is_database_by_bytes(name.substr(0, name.size() - known.ending.size()));
        }
        return false;
    }

    Result<bool> is_database(const std::string& name, std::uint64_t size) const {
        const bool has_sectors = size != 0 && size % sector_bytes == 0, has_company = is_any_beside(name);
        if (!has_sectors && !has_company) return false;
        if (TRY(begins_as_database(files_, path_of(name)))) return true;
        return has_company && TRY(has_sidecar_of_sqlite(name));
    }

private:
    std::string path_of(const std::string& name) const { return host::join_path(folder_.path, name); }
    bool is_listed(const std::string& name) const { return std::ranges::binary_search(folder_.names, name); }
    bool is_any_beside(const std::string& name) const {
        const auto next = std::ranges::lower_bound(folder_.names, name + "-");
        return next != folder_.names.end() && next->starts_with(name) && (*next)[name.size()] == '-';
    }

    Result<bool> looks_like(const SidecarName& known, const std::string& name, std::uint64_t size) const {
        if (size == 0) return false;
        if (!known.beginning) return size % wal_index_step_bytes == 0;
        return begins_with(files_, path_of(name), *known.beginning);
    }

    Result<bool> has_sidecar_of_sqlite(const std::string& name) const {
        for (const auto& known : sidecar_names) {
            const std::string beside = name + std::string(known.ending);
            if (!known.beginning || !is_listed(beside)) continue;
            const auto status = TRY(host::status_if_any(files_, path_of(beside)));
            if (status && status->kind == host::FileKind::regular && TRY(looks_like(known, beside, status->size))) return true;
        }
        return false;
    }

    // Of what a sidecar's name says that it belongs to.
    Result<bool> is_database_by_bytes(const std::string& name) const {
        if (!is_listed(name)) return false;
        if (folder_.is_known_database && folder_.is_known_database(path_of(name))) return true;
        const auto status = TRY(host::status_if_any(files_, path_of(name)));
        if (!status || status->kind != host::FileKind::regular || status->size == 0) return false;
        return begins_as_database(files_, path_of(name));
    }

    host::FileSystem& files_;
    const ListedFolder& folder_;
};

}  // namespace

Result<SqliteRole> sqlite_role_of(host::FileSystem& files, const ListedFolder& folder, const std::string& name, std::uint64_t size) {
    const Look look(files, folder);
    if (TRY(look.is_sidecar(name, size))) return SqliteRole::sidecar;
    return TRY(look.is_database(name, size)) ? SqliteRole::database : SqliteRole::none;
}

}  // namespace holdfast::live
