#include "holdfast/operations/source_of_databases.h"

#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/named_companion.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

namespace {

std::string resolved(Context& context, const std::string& path) {
    return host::canonical_or_future(context.host.files, path).value_or(std::string(path));
}

}  // namespace

std::string source_of_database(Context& context, const Settings& settings, const std::string& database) {
    const auto meant = resolved(context, database);
    for (const auto& [name, source] : settings.source) {
        for (const auto& path : source.databases) {
            if (resolved(context, path) == meant) return name;
        }
    }
    return {};
}

Result<BackupRequest> with_source_settings(Context& context, const BackupRequest& request) {
    const auto loaded = std::make_shared<const LoadedSettings>(TRY(load_settings(context, request.repository.settings)));
    BackupRequest all = request;
    all.repository.settings.loaded = loaded;
    if (all.source.empty()) {
        std::set<std::string> names;
        for (const auto& database : request.databases) names.insert(source_of_database(context, loaded->settings, database));
        if (names.size() > 1) {
            std::string list;
            for (const auto& name : names) list += (list.empty() ? "" : ", ") + (name.empty() ? std::string("none") : printable(name));
            return fail(ErrorCode::invalid, "back up {} databases as one: in the settings they belong to several sources: {}", request.databases.size(), list)
                .with_advice("back up each source by itself, or name one with --source");
        }
        if (!names.empty()) all.source = *names.begin();
    }
    if (const auto* source = loaded->source(all.source)) {
        all.source_is_by_settings = true;
        all.purpose.source_tags = source->tags;
        all.schema_version_query = source->schema_version;
        all.strict = all.strict || source->strict;
        for (const auto& one : source->companions) {
            if (one.keep == "rebuild") all.rebuilt.push_back(one.path);
            else all.companions.push_back(companion_request(one));
        }
        all.quiesce = quiesce_of(*loaded, *source);
    }
    if (request.hooks.is_empty()) all.hooks = hooks_of(*loaded, all.source);
    return all;
}

}  // namespace holdfast::operations
