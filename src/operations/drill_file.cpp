#include "holdfast/operations/drill_file.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/drilled_file.h"
#include "holdfast/operations/outside_backup.h"
#include "holdfast/operations/restore_outside.h"
#include "holdfast/operations/source_of_databases.h"
#include "holdfast/operations/temporary_place.h"

namespace holdfast::operations {

namespace {

// One of an archive's backups: of a bundle all its databases, else one.
struct Wanted {
    std::string only;    // empty: all
    std::string source;  // of the settings; empty: none
    Timestamp time;
    std::uint64_t bytes = 0;
};

std::vector<Wanted> backups_in(Context& context, const OutsideBackup& backup, const DrillRequest& request, const LoadedSettings& loaded) {
    std::vector<Wanted> wanted;
    for (const auto& database : backup.databases) {
        const auto& original = database.told.original_path;
        const std::string source = !request.source.empty() || original.empty() ? request.source : source_of_database(context, loaded.settings, original);
        const bool goes_with_first = backup.is_bundle && !wanted.empty();
        if (!goes_with_first) wanted.push_back({.only = backup.databases.size() == 1 || backup.is_bundle ? "" : database.name, .source = source, .time = database.time.time});
        wanted.back().bytes += database.image().size();
    }
    return wanted;
}

Result<void> expect_words_of_a_file(const DrillRequest& request, const LoadedSettings& loaded) {
    if (request.scenario == "corruption" || !request.narrow.kind.empty() || !request.narrow.operation.empty() || !request.narrow.tags.empty()) {
        return fail(ErrorCode::invalid, "drill {}: it is a file, and --kind, --operation, --tag and the scenario corruption are for backups of a repository", printable(request.snapshot))
            .with_advice("leave them out");
    }
    if (request.source.empty() || loaded.source(request.source) != nullptr) return {};
    return fail(ErrorCode::not_found, "drill {} as the source {}: the settings have none of that name", printable(request.snapshot), printable(request.source))
        .with_advice("holdfast settings check lists the sources");
}

Result<void> look_at(Context& context, const DrillRequest& request, const RestoreReport& restored, DrilledBackup& drilled) {
    for (const auto& member : restored.databases) {
        DrilledDatabase database;
        database.path = member.from;
        database.check = member.check;
        database.proof = member.proof;
        drilled.bytes += member.bytes;
        if (member.damaged || member.check == "damaged") database.findings = member.findings.empty() ? std::vector<std::string>{"SQLite finds it damaged"} : member.findings;
        TRY(look_at_file_alone(context, member.to, all_expectations(request), database));
        TRY(run_smoke(context, request, member.to, database));
        drilled.databases.push_back(std::move(database));
    }
    return {};
}

Result<DrilledBackup> drill_one(Context& context, const DrillRequest& request, const Wanted& wanted) {
    constexpr std::uint64_t spare = 16 * 1024 * 1024;  // for what SQLite sorts while it checks
    DrilledBackup drilled;
    drilled.file = request.snapshot;
    drilled.source = wanted.source;
    drilled.time = wanted.time;
    drilled.scenario = request.scenario;
    auto place = TRY(TemporaryPlace::make(context, {.bytes = wanted.bytes + wanted.bytes / 8 + spare, .folder = request.folder}));
    RestoreRequest restore;
    restore.from = request.snapshot;
    restore.to = place.path() + "/restored/";
    restore.outside = request.outside;
    if (!wanted.only.empty()) restore.only = {wanted.only};
    const host::Stopwatch stopwatch(context.host.clock);
    const auto restored = restore_outside(context, restore);
    if (!restored && restored.error().code() != ErrorCode::corrupt) return restored.error().copy();
    drilled.restore_ms = stopwatch.ms();
    if (!restored) drilled.error = restored.error().text();
    else TRY(look_at(context, request, *restored, drilled));
    drilled.total_ms = stopwatch.ms();
    drilled.passed = restored && std::ranges::all_of(drilled.databases, [](const auto& database) { return database.findings.empty(); });
    if (auto removed = place.remove(); !removed) context.host.log.warning("the drill's copy could not be removed: {}", removed.error().text());
    return drilled;
}

}  // namespace

Result<DrillReport> drill_file(Context& context, const DrillRequest& request, const LoadedSettings& loaded) {
    TRY(expect_words_of_a_file(request, loaded));
    DrillReport report;
    std::vector<Wanted> wanted;
    {
        const auto backup = TRY(open_outside(context, request.snapshot, request.outside));
        wanted = backups_in(context, backup, request, loaded);
        report.warnings = backup.warnings;
    }
    for (const auto& one : wanted) {
        report.backups.push_back(TRY(drill_one(context, with_source_settings(request, loaded, one.source), one)));
        report.passed = report.passed && report.backups.back().passed;
    }
    return report;
}

}  // namespace holdfast::operations
