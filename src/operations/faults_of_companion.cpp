#include "holdfast/operations/faults_of_companion.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::size_t told_max = 20;

class Proving {
public:
    Proving(Context& context, const repository::Repository& repository, const CompanionThere& there) : context_(context), files_(context.host.files), repository_(repository), there_(there) {}

    Result<std::vector<std::string>> run(const DirectoryEntry& companion) {
        repository::EntryVisit visit;
        visit.entry = [&](const std::string& path, const DirectoryEntry& entry) { return look(there_.path + path.substr(companion.name.size()), entry); };
        TRY(repository_.open_index());
        TRY(repository::visit_entries(repository_.chunks(), companion, visit));
        if (more_ > 0) faults_.push_back(format("and {} more", more_));
        return std::move(faults_);
    }

private:
    void tell(const std::string& path, std::string_view what) {
        if (faults_.size() < told_max) faults_.push_back(format("{}: {}", printable(path), what));
        else ++more_;
    }

    Result<void> look(const std::string& path, const DirectoryEntry& entry) {
        TRY(context_.watch.go_on());
        const auto status = files_.status_of_link(path);
        if (!status) {
            tell(path, status.error().message());
            return {};
        }
        const auto kind = entry.type == EntryType::directory ? host::FileKind::folder : entry.type == EntryType::link ? host::FileKind::link : host::FileKind::regular;
        if (status->kind != kind) {
            tell(path, "it is of another kind");
            return {};
        }
        if (kind != host::FileKind::link && status->mode != entry.mode) tell(path, format("its mode is {:o} and was {:o}", status->mode, entry.mode));
        const bool has_database = std::ranges::any_of(there_.databases, [&](const auto& database) { return host::folder_of(database) == path; });
        if (status->modified != entry.modified && !has_database) tell(path, "its time is not that of the backup");
        if (kind == host::FileKind::link) {
            const auto target = files_.read_link(path);
            if (!target || *target != entry.link_target) tell(path, "it leads elsewhere");
        }
        if (kind != host::FileKind::regular) return {};
        if (const auto fault = TRY(fault_of_content(context_, repository_, entry, path))) tell(path, *fault);
        return {};
    }

    Context& context_;
    host::FileSystem& files_;
    const repository::Repository& repository_;
    const CompanionThere& there_;
    std::vector<std::string> faults_;
    std::uint64_t more_ = 0;
};

}  // namespace

Result<std::optional<std::string>> fault_of_content(Context& context, const repository::Repository& repository, const DirectoryEntry& entry, const std::string& path) {
    constexpr std::uint64_t step = 1024 * 1024;
    const auto file = context.host.files.open_to_read_unfollowed(path);
    if (!file) return std::optional(file.error().message());
    const auto there_size = (*file)->size();
    if (!there_size) return std::optional(there_size.error().message());
    const auto size = entry.content.size;
    if (*there_size != size) return std::optional(format("it has {} bytes and had {}", *there_size, size));
    const auto content = TRY(repository.open_content(entry));
    Buffer kept(std::min(step, size)), there(std::min(step, size));
    for (std::uint64_t at = 0; at < size; at += step) {
        TRY(context.watch.go_on());
        const auto count = std::min(step, size - at);
        TRY(content->read(at, kept.span().first(count)));
        const auto got = (*file)->read_at(at, there.span().first(count));
        if (got && *got == count && std::ranges::equal(kept.view().first(count), there.view().first(count))) continue;
        return std::optional(got ? format("its bytes differ between {} and {}", at, at + count) : got.error().message());
    }
    return std::optional<std::string>();
}

Result<std::vector<std::string>> faults_of_companion(Context& context, const repository::Repository& repository, const DirectoryEntry& companion, const CompanionThere& there) {
    return Proving(context, repository, there).run(companion);
}

}  // namespace holdfast::operations
