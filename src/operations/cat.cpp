#include <algorithm>

#include "holdfast/base/hash.h"
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/chosen_paths.h"
#include "holdfast/operations/files.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

using repository::EntryType;

constexpr std::uint64_t step_bytes = 4 * 1024 * 1024;

// Which backup, and which file.
struct Meant {
    std::string snapshot, path;
};
Result<Meant> meant_by(const CatRequest& request) {
    if (!request.path.empty()) return Meant{.snapshot = request.snapshot, .path = request.path};
    if (!request.at.empty()) return Meant{.snapshot = "", .path = request.snapshot};
    constexpr std::string_view by_id = "id:";
    const auto colon = request.snapshot.find(':', request.snapshot.starts_with(by_id) ? by_id.size() : 0);
    if (colon != std::string::npos && colon + 1 < request.snapshot.size()) return Meant{.snapshot = request.snapshot.substr(0, colon), .path = request.snapshot.substr(colon + 1)};
    return fail(ErrorCode::invalid, "write a file of {}: which file is not said", printable(request.snapshot)).with_advice(format("holdfast cat {}; holdfast files lists them", shell_word(request.snapshot + ":PATH")));
}

Result<ChosenPath> the_file(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const std::string& path) {
    auto chosen = TRY(chosen_paths(context, repository, snapshot, {path}));
    const auto& first = chosen.front();
    const std::string list = format("holdfast files {} {} lists what lies in it", snapshot.number.value, shell_word(path));
    if (chosen.size() > 1) return fail(ErrorCode::invalid, "write {}: it is a folder in backup #{}", printable(path), snapshot.number.value).with_advice(list);
    if (first.entry.type == EntryType::directory) return fail(ErrorCode::invalid, "write {}: it is a folder in backup #{}", printable(first.path), snapshot.number.value).with_advice(list);
    if (first.entry.type == EntryType::link) {
        return fail(ErrorCode::invalid, "write {}: it is a link to {} in backup #{}, and has no bytes of its own", printable(first.path), printable(first.entry.link_target), snapshot.number.value)
            .with_advice("the file it leads to, if the backup holds that");
    }
    return std::move(chosen.front());
}

}  // namespace

Result<CatReport> cat(Context& context, const CatRequest& request) {
    const auto meant = TRY(meant_by(request));
    OpenHow how;
    if (!request.source.empty()) how.databases.push_back(TRY(source_filter(context, request.source)).path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto selection = TRY(select(context, opened->get(), {.snapshot = meant.snapshot, .at = request.at, .source = request.source, .narrow = request.narrow}));
    const auto& snapshot = selection.moment.snapshot;
    const auto lease = TRY(opened->get().lease(snapshot.number));
    const auto file = TRY(the_file(context, opened->get(), snapshot, meant.path));
    const auto content = TRY(opened->get().open_content(file.entry));
    CatReport report{.number = snapshot.number.value, .path = file.path, .time = snapshot.time, .warnings = selection.warnings};
    Sha256 hash;
    const auto size = file.entry.content.size;
    Buffer buffer(std::min(size, step_bytes));
    for (; report.bytes < size; report.bytes += std::min(step_bytes, size - report.bytes)) {
        TRY(context.watch.go_on());
        const auto part = buffer.span().first(std::min(step_bytes, size - report.bytes));
        if (auto read = content->read(report.bytes, part); !read) {
            return std::move(read).error().while_doing(format("write {} of backup #{} after {} bytes", printable(file.path), snapshot.number.value, report.bytes));
        }
        hash.update(part);
        TRY(request.write(part));
    }
    report.sha256 = hash.finish().hex();
    return report;
}

}  // namespace holdfast::operations
