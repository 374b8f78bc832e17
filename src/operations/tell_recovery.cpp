#include "holdfast/operations/tell_recovery.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/lost_rows.h"
#include "holdfast/operations/recovery_log.h"

namespace holdfast::operations {

namespace {

// The state before, as the safety backup has it. Null: this database was not there, or is kept as bytes only.
Result<std::unique_ptr<sqlite::Image>> image_before(const repository::Repository& repository, std::uint64_t number, const std::string& path) {
    std::unique_ptr<sqlite::Image> none;
    const auto snapshot = TRY(repository.snapshot(repository::SnapshotNumber{number}));
    const auto entry = std::ranges::find(snapshot.members, path, &repository::DirectoryEntry::name);
    if (entry == snapshot.members.end() || !entry->database) return none;
    return history::open_image(repository, *entry);
}

struct Safe {
    const repository::Repository& in;
    std::uint64_t number = 0;
};
Result<std::vector<std::string>> lost_of(Context& context, const RestorePlan& plan, const Safe& safe) {
    std::vector<std::string> lost;
    const bool is_one = plan.members.size() == 1;
    for (const auto& member : plan.members) {
        if (member.route.route == live::Route::new_file || !member.image) continue;
        const auto before = TRY(image_before(safe.in, safe.number, member.report.to));
        const std::string prefix = is_one ? "" : host::file_name_of(member.report.to) + " ";
        if (!before) {
            lost.push_back(format("{}not counted, the database before could not be read (its bytes are backup #{})", prefix, safe.number));
            continue;
        }
        for (const auto& one : TRY(lost_rows(context, *before, *member.image))) lost.push_back(prefix + one);
    }
    return lost;
}

// Of files it is told how many; what was in them is in the safety backup.
std::string lost_files(const RestorePlan& plan, std::uint64_t safety_number) {
    std::string lost;
    for (const auto& companion : plan.companions) {
        const auto& report = companion.report;
        if (report.changed + report.removed == 0) continue;
        lost += format("{}{}:", lost.empty() ? "" : ", ", host::file_name_of(report.to));
        if (report.changed > 0) lost += format(" {} replaced", report.changed);
        if (report.removed > 0) lost += format("{} {} removed", report.changed > 0 ? "," : "", report.removed);
    }
    return lost.empty() ? lost : lost + format(" (as they were: backup #{})", safety_number);
}

Result<std::string> data_lost(Context& context, OpenRepository& opened, const RestorePlan& plan, const RestoreReport& report) {
    if (!plan.replaces_anything()) return std::string(plan.members.empty() ? "None (it was not there)" : "None (there was no database)");
    if (report.safety_number == 0) return std::string("not counted, there is no backup of the state before");
    std::vector<std::string> lost;
    if (report.safety_repository == opened.path()) {
        lost = TRY(lost_of(context, plan, {.in = opened.get(), .number = report.safety_number}));
    } else {
        RepositoryRequest beside;
        beside.repository = report.safety_repository;
        const auto other = TRY(open_repository(context, beside, {}));
        lost = TRY(lost_of(context, plan, {.in = other->get(), .number = report.safety_number}));
    }
    if (auto of_files = lost_files(plan, report.safety_number); !of_files.empty()) lost.push_back(std::move(of_files));
    std::string text;
    for (const auto& one : lost) text += (text.empty() ? "" : ", ") + one;
    return text.empty() ? std::string("None") : text;
}

std::string names_of(const RestorePlan& plan) {
    std::string names;
    const auto add = [&](const std::string& path) { names += (names.empty() ? "" : ", ") + host::file_name_of(path); };
    for (const auto& member : plan.members) add(member.report.to);
    for (const auto& companion : plan.companions) add(companion.report.to);
    return names;
}

}  // namespace

Result<std::string> ask_recovery_cause(Context& context, const RestoreRequest& request) {
    const bool is_told = !request.recovery_log.empty() && request.to.empty() && !request.dry_run;
    const bool is_asked = is_told && request.cause.empty() && !request.yes && context.person != nullptr;
    if (!is_asked || !expect_recovery_log(context.host.files, request.recovery_log)) return request.cause;
    return context.person->words("Cause, for the recovery log: ");
}

void tell_recovery(Context& context, OpenRepository& opened, const RestoreRequest& request, const Recovery& recovery, RestoreReport& report) {
    const auto& plan = recovery.plan;
    if (request.recovery_log.empty() || !plan.is_in_place || request.dry_run) return;
    auto lost = data_lost(context, opened, plan, report);
    if (!lost) report.warnings.push_back(format("what was lost could not be counted: {}", lost.error().text()));
    report.data_lost = std::move(lost).value_or("not counted");
    const Timestamp now = context.host.clock.now();
    const RecoveryEntry entry{.date = to_display(now, host::local_offset_s(now)).substr(0, std::string_view("2026-01-29").size()),
                              .what = format("{} {}", plan.doing == "undo" ? "Undid the restore of" : "Restored", names_of(plan)),
                              .cause = recovery.cause,
                              .backup_used = format("{} of {}", plan.of, to_display(report.time, host::local_offset_s(report.time))),
                              .data_lost = report.data_lost,
                              .duration_ms = recovery.duration_ms};
    const auto written = append_to_recovery_log(context.host, request.recovery_log, entry);
    if (written) report.recovery_log = request.recovery_log;
    else report.warnings.push_back(format("the recovery log has no entry of this: {}", written.error().text()));
}

namespace {

Result<std::string> lost_by_fresh_start(Context& context, const FreshStart& start) {
    if (!start.had_databases) return std::string("None (there was no database)");
    if (start.safety_number == 0) return std::string("not counted, there is no backup of the state before");
    if (start.is_raw) return format("not counted, the database before could not be read (its bytes are backup #{})", start.safety_number);
    const auto opened = TRY(open_repository(context, start.repository, {}));
    std::string text;
    for (const auto& path : start.databases) {
        const auto before = TRY(image_before(opened->get(), start.safety_number, path));
        if (!before) continue;
        std::vector<std::string> lost;
        const auto use = [&](const sqlite::Image& after, const live::FreezeFacts&) -> Result<void> {
            lost = TRY(lost_rows(context, *before, after));
            return {};
        };
        TRY(live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use}));
        const std::string prefix = start.databases.size() == 1 ? "" : host::file_name_of(path) + " ";
        for (const auto& one : lost) text += (text.empty() ? "" : ", ") + prefix + one;
    }
    return text.empty() ? std::string("None") : text;
}

}  // namespace

ToldFreshStart tell_fresh_start(Context& context, const FreshStart& start) {
    ToldFreshStart told;
    auto lost = lost_by_fresh_start(context, start);
    if (!lost) told.warnings.push_back(format("what was lost could not be counted: {}", lost.error().text()));
    told.data_lost = std::move(lost).value_or("not counted");
    std::string names;
    for (const auto& path : start.databases) names += (names.empty() ? "" : ", ") + host::file_name_of(path);
    const Timestamp now = context.host.clock.now();
    const std::string kept = start.safety_number == 0 ? "none" : format("none; what was there is #{}", start.safety_number);
    const RecoveryEntry entry{.date = to_display(now, host::local_offset_s(now)).substr(0, std::string_view("2026-01-29").size()),
                              .what = "Started afresh with " + names,
                              .cause = start.cause,
                              .backup_used = kept,
                              .data_lost = told.data_lost,
                              .duration_ms = start.duration_ms};
    const auto written = append_to_recovery_log(context.host, start.log, entry);
    if (written) told.log = start.log;
    else told.warnings.push_back(format("the recovery log has no entry of this: {}", written.error().text()));
    return told;
}

}  // namespace holdfast::operations
