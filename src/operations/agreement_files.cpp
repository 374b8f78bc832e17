#include "holdfast/operations/agreement_files.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

class FilesOnDisk final : public AgreementFiles {
public:
    FilesOnDisk(Context& context, std::map<std::string, std::string> to) : files_(context.host.files), to_(std::move(to)) {}

    Result<std::vector<std::string>> names(const std::string& folder) override {
        std::vector<std::string> found;
        const std::string place = lies_at(folder);
        if (!TRY(host::exists(files_, place))) return found;
        for (auto& name : TRY(files_.list(place))) {
            if (TRY(size_of(host::join_path(place, name)))) found.push_back(std::move(name));
        }
        return found;
    }
    Result<std::optional<std::uint64_t>> size(const std::string& path) override { return size_of(lies_at(path)); }
    Result<ReadableFile> open(const std::string& path) override { return ReadableFile{.path = lies_at(path)}; }

private:
    Result<std::optional<std::uint64_t>> size_of(const std::string& path) {
        std::optional<std::uint64_t> none;
        const auto status = files_.status_of_link(path);
        if (!status && status.error().code() == ErrorCode::not_found) return none;
        if (!status) return status.error().copy();
        return status->kind == host::FileKind::regular ? std::optional(status->size) : none;
    }
    // The companion that the path lies in may have gone elsewhere.
    std::string lies_at(const std::string& path) const {
        for (const auto& [from, to] : to_) {
            if (path == from) return to;
            if (path.starts_with(from + "/")) return to + path.substr(from.size());
        }
        return path;
    }

    host::FileSystem& files_;
    const std::map<std::string, std::string> to_;
};

class FilesInBackup final : public AgreementFiles {
public:
    FilesInBackup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot)
        : context_(context), repository_(repository), snapshot_(snapshot) {}

    Result<std::vector<std::string>> names(const std::string& folder) override {
        std::vector<std::string> found;
        for (const auto& companion : snapshot_.companions) {  // one that is a file
            if (companion.type == EntryType::file && host::folder_of(companion.name) == folder) found.push_back(host::file_name_of(companion.name));
        }
        const auto* entries = TRY(folder_entries(folder));
        if (entries == nullptr) return found;
        for (const auto& entry : *entries) {
            if (entry.type == EntryType::file) found.push_back(entry.name);
        }
        return found;
    }
    Result<std::optional<std::uint64_t>> size(const std::string& path) override {
        const auto* entry = TRY(file(path));
        return entry == nullptr ? std::optional<std::uint64_t>() : std::optional(entry->content.size);
    }
    Result<ReadableFile> open(const std::string& path) override {
        const auto* entry = TRY(file(path));
        if (entry == nullptr) return fail(ErrorCode::not_found, "{} is not in backup #{}", printable(path), snapshot_.number.value);
        auto place = std::make_unique<TemporaryPlace>(TRY(TemporaryPlace::make(context_, {.bytes = entry->content.size})));
        std::string copy = host::join_path(place->path(), host::file_name_of(path));
        auto written = write(*entry, copy);
        if (!written) return std::move(written).error().while_doing(format("{} in backup #{}", printable(path), snapshot_.number.value));
        return ReadableFile{.path = std::move(copy), .place = std::move(place)};
    }

private:
    Result<void> write(const DirectoryEntry& entry, const std::string& path) {
        constexpr std::uint64_t step = 4 * 1024 * 1024;
        constexpr std::uint32_t only_mine = 0600;
        const auto content = TRY(repository_.open_content(entry));
        const auto file = TRY(context_.host.files.create(path, only_mine));
        const auto size = entry.content.size;
        Buffer buffer(std::min(size, step));
        for (std::uint64_t at = 0; at < size; at += step) {
            TRY(context_.watch.go_on());
            const auto part = buffer.span().first(std::min(step, size - at));
            TRY(content->read(at, part));
            TRY(file->write_at(at, part));
        }
        return {};
    }
    Result<const DirectoryEntry*> file(const std::string& path) {
        const DirectoryEntry* none = nullptr;
        const auto companion = std::ranges::find(snapshot_.companions, path, &DirectoryEntry::name);
        if (companion != snapshot_.companions.end()) return companion->type == EntryType::file ? &*companion : none;
        const auto* entries = TRY(folder_entries(host::folder_of(path)));
        if (entries == nullptr) return none;
        const auto at = std::ranges::find(*entries, host::file_name_of(path), &DirectoryEntry::name);
        return at != entries->end() && at->type == EntryType::file ? &*at : none;
    }
    // Null: there is no such folder in the backup. Each is read once.
    Result<const std::vector<DirectoryEntry>*> folder_entries(const std::string& path) {
        const std::vector<DirectoryEntry>* none = nullptr;
        if (const auto known = folders_.find(path); known != folders_.end()) return &known->second;
        const auto* entry = TRY(folder(path));
        if (entry == nullptr) return none;
        TRY(repository_.open_index());
        return &folders_.emplace(path, TRY(repository::read_folder(repository_.chunks(), *entry))).first->second;
    }
    Result<const DirectoryEntry*> folder(const std::string& path) {
        const DirectoryEntry* none = nullptr;
        const auto companion = std::ranges::find(snapshot_.companions, path, &DirectoryEntry::name);
        if (companion != snapshot_.companions.end()) return companion->type == EntryType::directory ? &*companion : none;
        const bool is_below = std::ranges::any_of(snapshot_.companions, [&](const auto& one) { return path.starts_with(one.name + "/"); });
        const auto* above = is_below ? TRY(folder_entries(host::folder_of(path))) : nullptr;
        if (above == nullptr) return none;
        const auto at = std::ranges::find(*above, host::file_name_of(path), &DirectoryEntry::name);
        return at != above->end() && at->type == EntryType::directory ? &*at : none;
    }

    Context& context_;
    const repository::Repository& repository_;
    const repository::Snapshot& snapshot_;
    std::map<std::string, std::vector<DirectoryEntry>> folders_;
};

}  // namespace

std::unique_ptr<AgreementFiles> files_on_disk(Context& context, std::map<std::string, std::string> to) { return std::make_unique<FilesOnDisk>(context, std::move(to)); }

std::unique_ptr<AgreementFiles> files_in_backup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot) {
    return std::make_unique<FilesInBackup>(context, repository, snapshot);
}

}  // namespace holdfast::operations
