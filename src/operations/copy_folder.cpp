#include "holdfast/operations/copy_folder.h"

#include <algorithm>
#include <array>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/bundle/copy_name.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/lock_when_free.h"
#include "holdfast/operations/stream_file.h"

namespace holdfast::operations {

namespace {

using bundle::CopyRecord;

constexpr std::uint64_t catalogue_size_max = 256 * 1024 * 1024;
constexpr std::uint32_t only_mine = 0600;
constexpr std::string_view lock_name = ".holdfast-copies.lock";
constexpr std::array<std::string_view, 3> sidecars = {"-wal", "-journal", "-shm"};

std::string checksum_name(const std::string& file) { return file + ".sha256"; }

Result<std::unique_ptr<host::FileLock>> lock_of(Context& context, const std::string& path) {
    auto lock = host::lock_when_free(context.host, path, {.wait_ms = context.lock_wait_ms, .watch = context.watch});
    if (lock || lock.error().code() != ErrorCode::busy) return lock;
    return std::move(lock).error().while_doing("another holdfast is at work there");
}

// What is there, links not followed: a link is nothing that we have made.
Result<std::optional<host::FileStatus>> status_there(Context& context, const std::string& path) {
    auto status = context.host.files.status_of_link(path);
    if (status) return std::optional(*status);
    if (status.error().code() == ErrorCode::not_found) return std::optional<host::FileStatus>();
    return std::move(status).error();
}

}  // namespace

Result<CopyFolder> CopyFolder::lock(Context& context, const std::string& folder) {
    CopyFolder made(context, folder);
    made.lock_ = TRY(lock_of(context, made.path_of(std::string(lock_name))));
    TRY(made.load());
    TRY(made.mend());
    return made;
}

Result<CopyFolder> CopyFolder::look(Context& context, const std::string& folder) {
    CopyFolder made(context, folder);
    TRY(made.load());
    std::vector<CopyRecord> there;
    for (auto& record : made.catalogue.records) {
        if (TRY(status_there(context, made.path_of(record.file)))) there.push_back(std::move(record));
    }
    made.catalogue.records = std::move(there);
    return made;
}

Result<void> CopyFolder::load() {
    const std::string path = path_of(std::string(bundle::copy_records_name));
    auto bytes = host::read_file(context_->host.files, path, catalogue_size_max);
    if (!bytes && bytes.error().code() == ErrorCode::not_found) return {};
    if (!bytes) return std::move(bytes).error();
    auto read = bundle::CopyRecords::parse(text_of(*bytes));
    if (!read) {
        auto error = std::move(read).error().while_doing(format("read {}", printable(path)));
        if (error.code() != ErrorCode::corrupt) return error;
        return std::move(error).with_advice(format("mv {0} {0}.old: a new one is begun, and the copies that are there now are left alone", printable(path)));
    }
    catalogue = std::move(*read);
    return {};
}

// A crash may have left unfinished files of replace_atomically(); nobody else is at work here now.
Result<void> CopyFolder::remove_unfinished(std::string_view of) const {
    const std::string beginning = format(".{}.", of);
    constexpr std::string_view ending = ".new";
    const auto names = TRY(context_->host.files.list(folder_));
    for (const auto& name : names) {
        if (!name.starts_with(beginning) || !name.ends_with(ending)) continue;
        const auto between = std::string_view(name).substr(beginning.size(), name.size() - beginning.size() - ending.size());
        if (is_all_digits(between)) TRY(context_->host.files.remove(path_of(name)));
    }
    return {};
}

Result<void> CopyFolder::mend() {
    TRY(remove_unfinished(bundle::copy_records_name));
    std::vector<CopyRecord> there;
    for (auto& record : catalogue.records) {
        if (TRY(status_there(*context_, path_of(record.file)))) there.push_back(std::move(record));
        else TRY(remove_checksum(record));
    }
    const bool has_lost = there.size() != catalogue.records.size();
    catalogue.records = std::move(there);
    for (const auto& record : catalogue.records) {
        if (record.is_latest || TRY(status_there(*context_, path_of(checksum_name(record.file))))) continue;
        if (TRY(state_of(record)) == CopyState::ours) TRY(write_checksum(record));
    }
    return has_lost ? save() : Result<void>();
}

Result<void> CopyFolder::save() const {
    const std::string text = catalogue.to_text();
    return host::replace_atomically(context_->host.files, path_of(std::string(bundle::copy_records_name)), bytes_of(text), only_mine);
}

Result<CopyState> CopyFolder::state_of(const CopyRecord& record) const {
    const std::string path = path_of(record.file);
    const auto status = TRY(status_there(*context_, path));
    if (!status) return CopyState::gone;
    if (status->kind != host::FileKind::regular || status->size != record.size) return CopyState::changed;
    for (const auto ending : sidecars) {
        if (TRY(status_there(*context_, path + std::string(ending)))) return CopyState::changed;
    }
    const bundle::CopyIdentity identity{.device = status->device, .inode = status->inode, .modified = status->modified};
    if (record.identity == identity) return CopyState::ours;
    return TRY(hash_of_file(*context_, path)) == record.sha256 ? CopyState::ours : CopyState::changed;
}

// Beyond every number that is there: what rotation has freed within the same second is not older than its neighbours.
Result<std::string> CopyFolder::free_name(const std::string& name) const {
    constexpr std::uint64_t numbers_max = 1000;
    auto listed = context_->host.files.list(folder_);
    if (!listed && listed.error().code() != ErrorCode::not_found) return std::move(listed).error();
    std::set<std::string, std::less<>> taken;
    if (listed) taken.insert(listed->begin(), listed->end());
    for (const auto& record : catalogue.records) taken.insert(record.file);
    const auto is_taken = [&](const std::string& candidate) {
        constexpr std::array<std::string_view, 5> endings = {"", ".sha256", "-wal", "-journal", "-shm"};
        return std::ranges::any_of(endings, [&](std::string_view ending) { return taken.contains(candidate + std::string(ending)); });
    };
    std::uint64_t last_taken = is_taken(name) ? 1 : 0;
    for (std::uint64_t n = 2; n <= numbers_max; ++n) {
        if (is_taken(bundle::numbered_name(name, n))) last_taken = n;
    }
    if (last_taken == 0) return name;
    if (last_taken < numbers_max) return bundle::numbered_name(name, last_taken + 1);
    return fail(ErrorCode::exists, "name a copy in {}: {} names like {} are taken", printable(folder_), numbers_max, printable(name)).with_advice("{stamp} or {number} in --name tells more copies apart");
}

Result<void> CopyFolder::write_checksum(const CopyRecord& record) const {
    const std::string path = path_of(checksum_name(record.file)), line = bundle::checksum_line(record);
    const auto file = TRY(context_->host.files.create(path, only_mine));
    auto written = file->write_at(0, bytes_of(line));
    if (written) written = file->sync();
    if (!written) static_cast<void>(context_->host.files.remove(path).ok());
    return written;
}

Result<void> CopyFolder::remove_checksum(const CopyRecord& record) const {
    if (record.is_latest) return {};
    const std::string path = path_of(checksum_name(record.file));
    const std::string line = bundle::checksum_line(record);
    const auto bytes = host::read_file(context_->host.files, path, line.size());
    if (!bytes || !line.starts_with(text_of(*bytes))) return {};
    return context_->host.files.remove(path);
}

Result<void> CopyFolder::remove(const CopyRecord& record) const {
    TRY(context_->host.files.remove(path_of(record.file)));
    return remove_checksum(record);
}

}  // namespace holdfast::operations
