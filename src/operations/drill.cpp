#include "holdfast/operations/drill.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/drill_file.h"
#include "holdfast/operations/drilled_file.h"
#include "holdfast/operations/faults_of_companion.h"
#include "holdfast/operations/restore_selected.h"
#include "holdfast/operations/restore_targets.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/temporary_place.h"
#include "holdfast/operations/verify_file.h"

namespace holdfast::operations {

namespace {

using repository::NoteType;

Result<void> expect_scenario(const std::string& scenario) {
    for (const char* known : {"deletion", "corruption", "server"}) {
        if (scenario == known) return {};
    }
    return fail(ErrorCode::invalid, "drill: there is no scenario '{}'", printable(scenario)).with_advice("--scenario deletion, corruption or server");
}

// The newest of every source that could be restored in earnest.
Result<std::vector<Selection>> chosen(Context& context, const repository::Repository& repository, const DrillRequest& request) {
    std::vector<Selection> selections;
    if (!request.snapshot.empty()) {
        selections.push_back(TRY(select(context, repository, {.snapshot = request.snapshot, .at = {}, .source = request.source, .narrow = request.narrow})));
        return selections;
    }
    const auto filter = TRY(narrowed(TRY(source_filter(context, request.source)), request.narrow));
    auto moments = TRY(history::list_moments(repository, filter)).moments;
    std::set<std::array<std::byte, 16>> seen;
    for (const auto* at : history::newest_first(moments)) {
        const bool counts = (repository::is_ordinary(at->snapshot.kind) || !filter.kinds.empty()) && !at->snapshot.damaged;
        if (!counts || !seen.insert(at->snapshot.source.id).second) continue;
        selections.push_back({.moment = {.snapshot = TRY(repository.snapshot(at->snapshot.number)), .notes = at->notes}, .warnings = {}});
    }
    if (!selections.empty()) return selections;
    return fail(ErrorCode::not_found, "drill: there is no backup to restore").with_advice("holdfast list; holdfast backup DATABASE");
}

// The room for the files, once more as much for one that is in the way, and for what SQLite sorts while it checks.
std::uint64_t room_for(const repository::Snapshot& snapshot, const std::string& scenario) {
    constexpr std::uint64_t spare = 16 * 1024 * 1024;
    const std::uint64_t bytes = snapshot.statistics.logical_bytes;
    return bytes + bytes / 8 + spare + (scenario == "corruption" ? bytes : 0);
}

class Drill {
public:
    Drill(Context& context, OpenRepository& opened, DrillRequest request, const LoadedSettings& loaded)
        : context_(context), opened_(opened), request_(std::move(request)), loaded_(loaded), stopwatch_(context.host.clock) {}

    // An Error is none of the backup's: no room, stopped.
    Result<DrilledBackup> run(const Selection& selection) {
        const auto& snapshot = selection.moment.snapshot;
        DrilledBackup drilled;
        drilled.number = snapshot.number.value;
        drilled.source = snapshot.source.name;
        drilled.time = snapshot.time;
        drilled.scenario = request_.scenario;
        auto place = TRY(TemporaryPlace::make(context_, {.bytes = room_for(snapshot, request_.scenario), .folder = request_.folder}));
        auto restored = restore_into(place.path(), selection);
        if (!restored && restored.error().code() != ErrorCode::corrupt && restored.error().code() != ErrorCode::not_found) return std::move(restored).error();
        drilled.restore_ms = stopwatch_.ms();
        if (!restored) drilled.error = restored.error().text();
        else TRY(look_at_files(selection, *restored, drilled));
        if (restored) TRY(look_for_agreement(selection, *restored, drilled));
        drilled.total_ms = stopwatch_.ms();
        drilled.passed = restored && std::ranges::all_of(drilled.databases, [](const auto& database) { return database.findings.empty(); }) &&
                         std::ranges::none_of(drilled.agreement, [](const auto& one) { return one.verdict == "disagrees"; });
        if (auto removed = place.remove(); !removed) context_.host.log.warning("the drill's copy could not be removed: {}", removed.error().text());
        drilled.passed = drilled.passed && std::ranges::all_of(drilled.companions, [](const auto& companion) { return companion.findings.empty(); });
        return drilled;
    }

private:
    Result<RestoreReport> restore_into(const std::string& folder, const Selection& selection) {
        RestoreRequest restore;
        restore.repository = request_.repository;
        restore.to = folder + "/restored/";
        restore.force = request_.scenario == "corruption";
        restore.offline = restore.force;  // the folder is ours and nobody else may enter it
        if (restore.force) TRY(put_damaged_files(restore.to, selection));
        return restore_selected(context_, opened_, selection, {.doing = "drill", .request = restore});
    }

    // What a corrupted database looks like to a restore: a file that is none any more, of which nothing may be lost.
    Result<void> put_damaged_files(const std::string& folder, const Selection& selection) {
        constexpr std::uint32_t folder_mode = 0700, file_mode = 0600;
        const auto targets = TRY(restore_targets(context_, selection.moment.snapshot, {.to = folder, .only = {}}));
        for (const auto& target : targets) {
            TRY(host::make_folders_durably(context_.host.files, host::folder_of(target.path), folder_mode));
            const auto file = TRY(context_.host.files.create(target.path, file_mode));
            TRY(file->write_at(0, host::random_bytes(context_.host.random, 4096)));
            TRY(file->resize(std::max<std::uint64_t>(target.entry->content.size, 4096)));
        }
        return {};
    }

    Result<void> look_at_companions(const Selection& selection, const RestoreReport& restored, DrilledBackup& drilled) {
        std::vector<std::string> databases;
        for (const auto& member : restored.databases) databases.push_back(member.to);
        for (const auto& companion : restored.companions) {
            const auto& companions = selection.moment.snapshot.companions;
            const auto entry = std::ranges::find(companions, companion.from, &repository::DirectoryEntry::name);
            if (entry == companions.end()) continue;
            DrilledCompanion told{.path = companion.from, .files = companion.files, .bytes = companion.bytes};
            told.findings = TRY(faults_of_companion(context_, opened_.get(), *entry, {.path = companion.to, .databases = databases}));
            drilled.bytes += companion.bytes;
            drilled.companions.push_back(std::move(told));
        }
        return {};
    }

    Result<void> look_at_files(const Selection& selection, const RestoreReport& restored, DrilledBackup& drilled) {
        TRY(look_at_companions(selection, restored, drilled));
        const auto before = TRY(EarlierBackups::of(opened_.get(), selection.moment.snapshot));
        for (const auto& member : restored.databases) {
            DrilledDatabase database;
            database.path = member.from;
            database.check = member.check;
            database.proof = member.proof;
            drilled.bytes += member.bytes;
            if (member.damaged) database.findings = member.findings;
            const auto& members = selection.moment.snapshot.members;
            const auto entry = std::ranges::find(members, member.from, &repository::DirectoryEntry::name);
            if (entry != members.end() && entry->database) {
                const DrilledFile file{.repository = opened_.get(), .path = member.to, .entry = *entry, .before = before};
                TRY(look_at_file(context_, file, all_expectations(request_), database));
                TRY(run_smoke(context_, request_, member.to, database));
            }
            drilled.databases.push_back(std::move(database));
        }
        return {};
    }

    Result<void> look_for_agreement(const Selection& selection, const RestoreReport& restored, DrilledBackup& drilled) {
        RestoredFiles files{.source = selection.moment.snapshot.source.name, .to = {}, .databases = {}};
        for (const auto& companion : restored.companions) files.to[companion.from] = companion.to;
        for (const auto& entry : selection.moment.snapshot.members) {
            const auto at = std::ranges::find(restored.databases, entry.name, &RestoredMember::from);
            if (!entry.database || at == restored.databases.end()) continue;
            files.to[entry.name] = at->to;
            files.databases.push_back(entry.name);
        }
        drilled.agreement = TRY(agreement_of_restored(context_, loaded_, files));
        return {};
    }

    Context& context_;
    OpenRepository& opened_;
    const DrillRequest request_;
    const LoadedSettings& loaded_;
    host::Stopwatch stopwatch_;
};

std::string first_finding(const DrilledBackup& drilled) {
    if (!drilled.error.empty()) return drilled.error;
    for (const auto& companion : drilled.companions) {
        if (!companion.findings.empty()) return companion.path + ": " + companion.findings.front();
    }
    for (const auto& database : drilled.databases) {
        if (!database.findings.empty()) return database.path + ": " + database.findings.front();
    }
    for (const auto& one : unmet_among(drilled.agreement)) return one.what + ": " + one.why;
    return "";
}

// A repository that cannot be written is as good as its bytes.
void note(Context& context, repository::Repository& repository, const DrilledBackup& drilled, DrillReport& report) {
    const auto noted = repository.add_note({drilled.number}, {.type = NoteType::drilled,
                                                              .time = context.host.clock.now(),
                                                              .text = first_finding(drilled),
                                                              .value = static_cast<std::uint64_t>(drilled.total_ms),
                                                              .good = drilled.passed,
                                                              .tags = {"scenario=" + drilled.scenario}});
    if (!noted) report.warnings.push_back("the result could not be noted: " + noted.error().message());
}

}  // namespace

Result<DrillReport> drill(Context& context, const DrillRequest& request) {
    TRY(expect_scenario(request.scenario));
    const auto loaded = TRY(load_settings(context, request.repository.settings));
    if (TRY(means_a_file(context, request.snapshot))) return drill_file(context, request, loaded);
    const auto opened = TRY(open_repository(context, request.repository, {.without_cache = request.scenario == "server"}));
    DrillReport report;
    for (const auto& selection : TRY(chosen(context, opened->get(), request))) {
        auto drilled = TRY(Drill(context, *opened, with_source_settings(request, loaded, selection.moment.snapshot.source.name), loaded).run(selection));
        report.passed = report.passed && drilled.passed;
        std::ranges::copy(selection.warnings, std::back_inserter(report.warnings));
        note(context, opened->get(), drilled, report);
        report.backups.push_back(std::move(drilled));
    }
    return report;
}

}  // namespace holdfast::operations
