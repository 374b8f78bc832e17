#include "holdfast/operations/maintain_every.h"

#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

Result<std::vector<std::string>> databases_of_settings(Context& context, SettingsRequest& settings) {
    settings.loaded = std::make_shared<const LoadedSettings>(TRY(load_settings(context, settings)));
    std::vector<std::string> databases;
    for (const auto& [name, source] : settings.loaded->settings.source) databases.insert(databases.end(), source.databases.begin(), source.databases.end());
    if (!databases.empty()) return databases;
    return fail(ErrorCode::invalid, "maintain which database: none is named, and there are no settings with a source").with_advice("name the database, or: holdfast init");
}

Result<MaintainEveryReport<MaintainAllReport>> maintain_every(Context& context, const MaintainAllRequest& request) {
    if (request.databases.empty()) return maintain_every<MaintainAllRequest, MaintainAllReport>(context, request, maintain_all);
    MaintainAllRequest every = request;
    auto& settings = every.before.repository.settings;
    settings.loaded = std::make_shared<const LoadedSettings>(TRY(load_settings(context, settings)));
    return maintain_each(context, every, every.databases, maintain_all);
}

}  // namespace holdfast::operations
