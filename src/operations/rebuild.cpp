#include "holdfast/operations/rebuild.h"

#include <algorithm>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/rebuild_companion.h"

namespace holdfast::operations {

namespace {

Result<std::vector<CompanionToRebuild>> all_of(const LoadedSettings& loaded, const std::string& source) {
    if (!source.empty() && loaded.source(source) == nullptr) {
        std::vector<std::string> names;
        for (const auto& [name, settings] : loaded.settings.source) names.push_back(name);
        const auto near = nearest(source, names);
        return fail(ErrorCode::not_found, "rebuild for the source {}: the settings have none of that name", printable(source)).with_advice(near.empty() ? "holdfast settings check lists the sources" : "--source " + near);
    }
    std::vector<CompanionToRebuild> all;
    for (const auto& [name, settings] : loaded.settings.source) {
        if (!source.empty() && name != source) continue;
        for (auto& one : companions_to_rebuild(loaded, name)) all.push_back(one);
    }
    if (all.empty()) return fail(ErrorCode::not_found, "rebuild: the settings say of nothing how it is built").with_advice("rebuild = { command = \"...\" } in [[source.NAME.companions]]");
    return all;
}

Result<std::vector<CompanionToRebuild>> chosen(Context& context, const std::vector<CompanionToRebuild>& all, const RebuildRequest& request) {
    if (request.companions.empty()) return all;
    std::vector<CompanionToRebuild> meant;
    for (const auto& given : request.companions) {
        const std::string path = TRY(host::canonical_or_future(context.host.files, given));
        const auto before = meant.size();
        for (const auto& one : all) {
            if (TRY(host::canonical_or_future(context.host.files, one.companion.path)) == path) meant.push_back(one);
        }
        if (meant.size() > before) continue;
        std::string known;
        for (const auto& one : all) known += (known.empty() ? "" : ", ") + printable(one.companion.path);
        return fail(ErrorCode::not_found, "rebuild {}: the settings do not say how it is built", printable(path)).with_advice("they do of " + known);
    }
    return meant;
}

}  // namespace

Result<RebuildReport> rebuild(Context& context, const RebuildRequest& request) {
    const auto loaded = TRY(load_settings(context, request.settings));
    RebuildReport report;
    for (const auto& one : TRY(chosen(context, TRY(all_of(loaded, request.source)), request))) {
        TRY(context.watch.go_on());
        const HookFacts facts{.source = one.source, .repository = loaded.settings.repository.path, .operation = {}, .databases = loaded.source(one.source)->databases};
        auto done = request.background ? rebuild_in_background(context, one) : rebuild_companion(context, one, facts);
        report.unmet = report.unmet || !done.run.is_good();
        report.rebuilds.push_back(std::move(done.run));
        std::ranges::move(done.warnings, std::back_inserter(report.warnings));
    }
    return report;
}

}  // namespace holdfast::operations
