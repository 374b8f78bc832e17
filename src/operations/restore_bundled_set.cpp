#include "holdfast/operations/restore_bundled_set.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/adoption.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/restore_selected.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/temporary_place.h"

namespace holdfast::operations {

namespace {

Past past_of(Context& context, const OutsideBackup& bundle) {
    Past past;
    auto& record = past.source.record;
    context.host.random.fill(record.id);
    record.name = host::file_name_of(bundle.path);
    record.machine = host::this_machine();
    for (const auto& database : bundle.databases) {
        record.paths.push_back(database.told.original_path.empty() ? "/" + host::file_name_of(database.name) : database.told.original_path);
    }
    // Nobody reads it there: a name for what holds no database.
    if (record.paths.empty()) record.paths.push_back(bundle.companions.front().to_keep.name);
    std::ranges::sort(record.paths);
    past.member = bundle.databases.empty() ? record.paths.front() : bundle.databases.front().told.original_path.empty() ? record.paths.front() : bundle.databases.front().told.original_path;
    return past;
}

std::uint64_t bytes_of_all(const OutsideBackup& bundle) {
    std::uint64_t bytes = 0;
    for (const auto& database : bundle.databases) bytes += database.image().size();
    for (const auto& companion : bundle.companions) bytes += companion.bytes;
    return bytes;
}

// What is only on its way is no backup that anybody looks for.
Context unseen(const Context& outer) {
    Context context = outer;
    context.audit = nullptr;
    return context;
}

}  // namespace

Result<RestoreReport> restore_bundled_set(Context& outer, OutsideBackup& bundle, const RestoreRequest& request) {
    if (request.to.empty()) {
        return fail(ErrorCode::invalid, "restore from {} in place: it holds {} {} besides its databases", printable(bundle.path), bundle.companions.size(), bundle.companions.size() == 1 ? "companion" : "companions")
            .with_advice(format("holdfast adopt {}, and restore that backup; --to FOLDER writes all of it anew; --only DATABASE restores that one alone", shell_word(bundle.path)));
    }
    Context context = unseen(outer);
    const auto place = TRY(TemporaryPlace::make(context, {.bytes = bytes_of_all(bundle), .folder = request.outside.unpack_in}));
    const std::string path = host::join_path(place.path(), "repository");
    TRY(make_repository(context, {.path = path, .unlock = {}}));
    RestoreRequest inner = request;
    inner.from.clear();
    inner.file.clear();
    inner.repository.repository = path;
    const auto opened = TRY(open_repository(context, inner.repository, {.without_cache = true}));
    const AdoptRequest adopting;
    Adoption adoption(context, *opened, adopting, {.past = past_of(context, bundle)});
    const auto number = TRY(adoption.take_whole(bundle));
    const auto selection = TRY(select(context, opened->get(), {.snapshot = format("{}", number), .at = {}, .source = {}}));
    auto report = TRY(restore_selected(context, *opened, selection, {.doing = "restore", .request = inner}));
    report.number = 0;
    report.id.clear();
    report.source.clear();
    report.from_file = bundle.path;
    report.proven_by = bundle.proven_by;
    report.warnings.insert(report.warnings.begin(), bundle.warnings.begin(), bundle.warnings.end());
    return report;
}

}  // namespace holdfast::operations
