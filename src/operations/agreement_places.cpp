#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::operations {

FileBaseline file_before(Context& context, const repository::Repository& repository, const EarlierBackups& earlier) {
    return [&](const std::string& path) -> Result<FileBefore> {
        const auto baseline = TRY(earlier.baseline(content_of(path)));
        FileBefore before{.size = 0, .number = {}, .is_gone = baseline.is_gone};
        if (!baseline.snapshot) return before;
        before.number = baseline.snapshot->number;
        before.size = TRY(files_in_backup(context, repository, *baseline.snapshot)->size(path)).value_or(0);
        return before;
    };
}

Result<std::vector<AgreementResult>> agreement_of_backup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot,
                                                         const LoadedSettings& loaded) {
    std::vector<AgreementResult> none;
    const auto* settings = loaded.source(snapshot.source.name);
    if (settings == nullptr || settings->agreement.empty()) return none;
    std::vector<std::unique_ptr<sqlite::Image>> images;
    const auto files = files_in_backup(context, repository, snapshot);
    AgreementMatter matter{.databases = {}, .files = *files};
    for (const auto& entry : snapshot.members) {
        if (!entry.database) continue;
        images.push_back(TRY(history::open_image(repository, entry)));
        matter.databases.push_back({.path = entry.name, .image = images.back().get()});
    }
    const auto earlier = TRY(EarlierBackups::of(repository, snapshot));
    matter.before = file_before(context, repository, earlier);
    return check_agreement(context, {.settings = settings->agreement, .folder = loaded.folder}, matter);
}

Result<std::vector<AgreementResult>> agreement_of_restored(Context& context, const LoadedSettings& loaded, const RestoredFiles& restored) {
    std::vector<AgreementResult> none;
    const auto* settings = loaded.source(restored.source);
    if (settings == nullptr || settings->agreement.empty()) return none;
    const auto files = files_on_disk(context, restored.to);
    AgreementMatter matter{.databases = {}, .files = *files};
    std::vector<std::unique_ptr<live::Frozen>> frozen;
    for (const auto& from : restored.databases) {
        const auto& path = restored.to.at(from);
        frozen.push_back(TRY(live::freeze(context.host, path, freeze_options(context))));
        matter.databases.push_back({.path = from, .image = &frozen.back()->image(), .file = path});
    }
    matter.asked = [&]() -> Result<void> {
        for (auto& one : frozen) TRY(one->finish());
        return {};
    };
    return check_agreement(context, {.settings = settings->agreement, .folder = loaded.folder}, matter);
}

}  // namespace holdfast::operations
