#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::operations {

namespace {

// The newest before it that holds what it should.
Result<std::optional<repository::Snapshot>> backup_before(const repository::Repository& repository, const repository::Snapshot& snapshot) {
    return repository.newest([&](const repository::Snapshot& other) {
        return other.number < snapshot.number && other.source.id == snapshot.source.id && repository::is_ordinary(other.kind) && !other.damaged;
    });
}

}  // namespace

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
    const auto earlier = TRY(backup_before(repository, snapshot));
    const auto files_before = earlier ? files_in_backup(context, repository, *earlier) : nullptr;
    matter.before = files_before.get();
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
