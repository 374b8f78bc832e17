#include "holdfast/operations/backup_sources.h"

#include <algorithm>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/audited.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/outcome.h"

namespace holdfast::operations {

namespace {

Result<std::vector<std::string>> sources_meant(const LoadedSettings& loaded, const BackupRequest& request) {
    std::vector<std::string> names;
    for (const auto& [name, source] : loaded.settings.source) names.push_back(name);
    if (request.source.empty()) return names;
    if (loaded.source(request.source) != nullptr) return std::vector{request.source};
    const auto near = nearest(request.source, names);
    return fail(ErrorCode::not_found, "back up the source {}: the settings {} have none of that name", printable(request.source), printable(loaded.file))
        .with_advice(near.empty() ? "holdfast settings check lists the sources" : format("--source {}", near));
}

Result<SourceBackup> backup_one(Context& context, BackupRequest request, const std::string& name) {
    SourceBackup one;
    one.source = name;
    auto made = audited(context, request, operations::backup);
    if (made) {
        one.exit_code = made->is_incomplete() ? exit_code_partial : 0;
        one.backup = std::move(made).value();
        return one;
    }
    if (made.error().code() == ErrorCode::cancelled) return std::move(made).error();
    one.error = made.error().message();
    one.advice = made.error().advice();
    one.error_code = name_of(made.error().code());
    one.exit_code = exit_code_of(made.error().code());
    return one;
}

}  // namespace

Result<bool> means_every_source(Context& context, const BackupRequest& request) {
    if (!request.databases.empty()) return false;
    const auto loaded = TRY(load_settings(context, request.repository.settings));
    return !loaded.settings.source.empty();
}

Result<SourcesBackupReport> backup_sources(Context& context, const BackupRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const auto loaded = std::make_shared<const LoadedSettings>(TRY(load_settings(context, request.repository.settings)));
    SourcesBackupReport report;
    report.settings = loaded->file;
    report.environment = loaded->environment;
    for (const auto& name : TRY(sources_meant(*loaded, request))) {
        BackupRequest one = request;
        one.repository.settings.loaded = loaded;
        one.source = name;
        one.databases = loaded->source(name)->databases;
        report.sources.push_back(TRY(backup_one(context, std::move(one), name)));
        if (!report.sources.back().backup) ++report.failed;
        report.exit_code = std::max(report.exit_code, report.sources.back().exit_code);
    }
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
