#include "holdfast/operations/files.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/live/path_patterns.h"
#include "holdfast/operations/chosen_paths.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_targets.h"
#include "holdfast/operations/selection.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;

std::string kind_of(const DirectoryEntry& entry) {
    switch (entry.type) {
        case EntryType::database: return "database";
        case EntryType::raw: return "raw";
        case EntryType::file: return "file";
        case EntryType::directory: return "folder";
        case EntryType::link: return "link";
    }
    return "file";
}

host::FileKind file_kind_of(const DirectoryEntry& entry) {
    if (entry.type == EntryType::directory) return host::FileKind::folder;
    return entry.type == EntryType::link ? host::FileKind::link : host::FileKind::regular;
}

ListedFile listed(const std::string& path, const DirectoryEntry& entry) {
    ListedFile file{.path = path, .kind = kind_of(entry), .link_target = entry.link_target};
    if (entry.type != EntryType::directory) file.size = entry.content.size;  // that of a folder is of its listing
    if (entry.database) file.pages = entry.database->page_count;
    file.mode = entry.mode;
    file.owner = entry.owner;
    file.group = entry.group;
    file.modified = entry.modified;
    return file;
}

Result<std::size_t> depth_of(const std::string& text) {
    if (text.empty()) return std::numeric_limits<std::size_t>::max();
    std::size_t depth = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, depth);
    if (read.ec == std::errc() && read.ptr == end) return depth;
    return fail(ErrorCode::invalid, "list files to a depth of {}: it is no number of folders", printable(text)).with_advice("--depth 1");
}

class Listing {
public:
    Listing(Context& context, const repository::Repository& repository, const FilesRequest& request, FilesReport& report)
        : context_(context), repository_(repository), request_(request), report_(report) {}

    Result<void> begin() {
        patterns_ = TRY(live::PathPatterns::parse(request_.find));
        depth_ = TRY(depth_of(request_.depth));
        return {};
    }
    Result<void> list(const ChosenPath& chosen) {
        std::size_t depth = 0;  // of what was met last
        repository::EntryVisit visit;
        visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
            const auto below = std::string_view(path).substr(chosen.entry.name.size());
            depth = static_cast<std::size_t>(std::ranges::count(below, '/'));
            return meet(chosen.path + std::string(below), entry);
        };
        visit.enter = [&](const DirectoryEntry&) { return depth < depth_; };
        visit.damaged = [&](const std::string& path, const DirectoryEntry&, const Error& why) {
            report_.damage.push_back(chosen.path + path.substr(chosen.entry.name.size()) + ": " + why.message());
        };
        return repository::visit_entries(repository_.chunks(), chosen.entry, visit);
    }

private:
    Result<void> meet(const std::string& path, const DirectoryEntry& entry) {
        TRY(context_.watch.go_on());
        const bool is_wanted = patterns_.empty() || patterns_.judge(std::string_view(path).substr(report_.folder.size()), file_kind_of(entry)) == live::PathPatterns::Verdict::matches;
        if (!is_wanted) return {};
        const auto file = listed(path, entry);
        report_.bytes += file.size;
        switch (entry.type) {
            case EntryType::database:
            case EntryType::raw: ++report_.databases; break;
            case EntryType::file: ++report_.files; break;
            case EntryType::directory: ++report_.folders; break;
            case EntryType::link: ++report_.links; break;
        }
        return request_.take ? request_.take(file) : Result<void>();
    }

    Context& context_;
    const repository::Repository& repository_;
    const FilesRequest& request_;
    FilesReport& report_;
    live::PathPatterns patterns_;
    std::size_t depth_ = 0;
};

// A path alone, of which backup is not said.
Result<void> expect_snapshot(const std::string& snapshot, const std::vector<std::string>& paths) {
    const bool is_path = snapshot.find('/') != std::string::npos && !snapshot.starts_with("id:");
    if (!is_path || !paths.empty()) return {};
    return fail(ErrorCode::invalid, "list files of {}: it is no backup's name", printable(snapshot)).with_advice("name the backup before the path: holdfast files latest PATH");
}

}  // namespace

Result<FilesReport> list_files(Context& context, const FilesRequest& request) {
    TRY(expect_snapshot(request.snapshot, request.paths));
    OpenHow how;
    if (!request.source.empty()) how.databases.push_back(TRY(source_filter(context, request.source)).path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto selection = TRY(select(context, opened->get(), {.snapshot = request.snapshot, .at = request.at, .source = request.source, .narrow = request.narrow}));
    const auto& snapshot = selection.moment.snapshot;
    const auto lease = TRY(opened->get().lease(snapshot.number));
    FilesReport report{.number = snapshot.number.value, .id = snapshot.id.hex(), .folder = shared_folder(snapshot), .time = snapshot.time, .damage = {}, .warnings = selection.warnings};
    Listing listing(context, opened->get(), request, report);
    TRY(listing.begin());
    for (const auto& chosen : TRY(chosen_paths(context, opened->get(), snapshot, request.paths))) TRY(listing.list(chosen));
    for (const auto& missing : snapshot.missing) report.warnings.push_back(format("{} was not there", printable(missing.path)));
    for (const auto& failed : snapshot.failed) report.warnings.push_back(format("not in the backup: {}: {}", failed.path, failed.error));
    return report;
}

}  // namespace holdfast::operations
