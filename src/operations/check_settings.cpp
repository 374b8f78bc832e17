#include "holdfast/operations/check_settings.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/settings_pages.h"

namespace holdfast::operations {

namespace {

// Prisma resolves file:./app.db beside its schema; these settings do it beside themselves.
std::string near_prisma_schema(Context& context, const LoadedSettings& loaded, const std::string& database) {
    const std::string begin = loaded.folder + "/";
    if (!database.starts_with(begin)) return {};
    const auto other = host::join_path(loaded.folder, "prisma/" + database.substr(begin.size()));
    const auto status = context.host.files.status(other);
    return status && status->kind == host::FileKind::regular ? format("; there is {}: is that meant?", printable(other)) : "";
}

void warn_of_databases(Context& context, const LoadedSettings& loaded, CheckSettingsReport& report) {
    for (const auto& [name, source] : loaded.settings.source) {
        for (const auto& database : source.databases) {
            const auto there = canonical_database(context, database);
            if (there) continue;
            report.warnings.push_back(format("source {}: {}{}", printable(name), there.error().message(), near_prisma_schema(context, loaded, database)));
        }
    }
}

}  // namespace

Result<CheckSettingsReport> check_settings(Context& context, const CheckSettingsRequest& request) {
    auto read = TRY(read_settings(context, request.settings));
    CheckSettingsReport report{.file = read.loaded.file, .environment = read.loaded.environment, .good = read.problems.empty(), .faults = {}, .warnings = {}, .values = {}};
    for (auto& problem : read.problems) {
        report.faults.push_back({.line = problem.line, .column = problem.column, .key = std::move(problem.key), .message = std::move(problem.message), .advice = std::move(problem.advice)});
    }
    warn_of_databases(context, read.loaded, report);
    if (!read.loaded.is_there()) report.warnings.push_back("there are no settings here: the defaults hold; holdfast init DATABASE writes some");
    else if (report.good && read.loaded.settings.source.empty()) report.warnings.push_back("there is no source: holdfast backup needs the names of databases");
    report.values = std::move(read.loaded.values);
    return report;
}

Result<SettingsReferenceReport> reference_of_settings(Context&, const SettingsReferenceRequest&) {
    return SettingsReferenceReport{settings_reference()};
}

}  // namespace holdfast::operations
