#include "holdfast/base/text.h"
#include "holdfast/live/move_aside.h"
#include "holdfast/live/new_file.h"
#include "holdfast/live/replace.h"

namespace holdfast::live {
namespace {

Result<bool> is_taken(host::FileSystem& files, const std::string& path) {
    const auto status = files.status_of_link(path);
    if (status) return true;
    if (status.error().code() == ErrorCode::not_found) return false;
    return status.error().copy();
}

}  // namespace

// Sidecars without a main file are those of a database that is gone. They are out of the way, durably, before the new
// file gets its name: SQLite would take them for its own.
Result<WriteReport> write_new_file(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                                   const NewFileRequest& request, const Watch& watch) {
    constexpr std::uint32_t folder_mode = 0755;
    if (!request.replace_existing && TRY(is_taken(host.files, request.path))) {
        return fail(ErrorCode::exists, "write {}: it is there already", printable(request.path));
    }
    TRY(host::make_folders_durably(host.files, host::folder_of(request.path), folder_mode));
    auto written = NewFile::write(host, pool, image, request, watch);
    if (!written) return std::move(written).error().while_doing(format("write {}", printable(request.path)));
    const bool replaces = request.replace_existing && TRY(is_taken(host.files, request.path));
    if (replaces || !sidecars_of(host.files, request.path).empty()) {
        const std::string aside = TRY(name_aside(host, request.path));
        written->report.moved_aside = TRY(replaces ? keep_old_files(host.files, request.path, aside) : move_sidecars(host.files, request.path, aside));
    }
    TRY(replaces ? written->replace() : written->take_name());
    return std::move(written->report);
}

}  // namespace holdfast::live
