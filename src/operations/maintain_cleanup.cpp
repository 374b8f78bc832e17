#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/clean_up.h"
#include "holdfast/live/live_writer.h"
#include "holdfast/live/scratch_copy.h"
#include "holdfast/operations/changed_tables.h"
#include "holdfast/operations/cleanup_rules.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

std::string age_in_words(std::int64_t seconds) {
    constexpr std::int64_t day_s = 24 * 60 * 60;
    if (seconds % day_s == 0) return format("{} day{}", seconds / day_s, seconds == day_s ? "" : "s");
    return human_duration_ms(static_cast<double>(seconds) * 1000);
}

void tell(MaintainCleanupReport& report, const live::CleanupOutcome& outcome) {
    report.rules.clear();
    for (const auto& one : outcome.rules) {
        report.rules.push_back({.table = one.rule.table, .column = one.rule.column, .older_than = age_in_words(one.rule.older_than_s),
                                .where = one.rule.where, .deleted = one.deleted, .without_time = one.without_time, .unreadable = one.unreadable});
    }
    report.changes = changed_tables(outcome.changes, outcome.shadow_tables);
}

live::WriteOrder order_of(const Context& context, const std::string& path) {
    return {.path = path, .place = {.vfs = context.vfs, .wait_ms = context.lock_wait_ms}, .foreign_keys = live::ForeignKeys::on};
}

Result<void> rehearse_in_place(Context& context, const std::vector<live::CleanupRule>& rules, MaintainCleanupReport& report) {
    auto writer = TRY(live::LiveWriter::open(context.host, order_of(context, report.database)));
    TRY(writer.begin());
    auto outcome = live::clean_up(writer.connection(), rules, context.host.clock.now(), context.watch);
    writer.roll_back();
    tell(report, TRY(std::move(outcome)));
    report.writers_blocked_ms = writer.writers_blocked_ms();
    return {};
}

// In a copy, where there is room for one: nobody waits for it.
Result<void> rehearse(Context& context, const std::vector<live::CleanupRule>& rules, MaintainCleanupReport& report) {
    auto copy = live::ScratchCopy::of(context.host, report.database, freeze_options(context), context.watch);
    if (!copy && copy.error().code() != ErrorCode::full) return std::move(copy).error();
    if (!copy) {
        report.warnings.push_back("there is no room for a copy to try it in: it was tried in the database itself, and taken back");
        return rehearse_in_place(context, rules, report);
    }
    auto connection = TRY(copy->connect());
    tell(report, TRY(live::clean_up(connection, rules, context.host.clock.now(), context.watch)));
    return {};
}

// Deleting needs room, too: for what SQLite writes before it deletes.
Error told_of_room(Error error) {
    if (error.code() != ErrorCode::full) return error;
    return std::move(error).with_advice("SQLite needs some room beside the database until the commit: a rule for fewer rows first (a greater --older-than); "
                                        "and where the backup takes the room, -r REPOSITORY on another disk, or --no-backup, which gives up the way back");
}

Result<void> clean(Context& context, const MaintainCleanupRequest& request, const std::vector<live::CleanupRule>& rules, MaintainCleanupReport& report) {
    TRY(expect_meant(context, request.before, report.database));
    BackupBefore backup(context, request.before, report.database, {.operation = "maintain cleanup", .what = {}}, report.before);
    TRY(backup.ahead());
    auto order = order_of(context, report.database);
    order.safety = backup.safety();
    {
        auto writer = TRY(live::LiveWriter::open(context.host, std::move(order)));
        TRY(writer.begin());
        auto outcome = live::clean_up(writer.connection(), rules, context.host.clock.now(), context.watch);
        if (!outcome) return told_of_room(writer.explained(std::move(outcome).error()).while_doing("nothing was deleted"));
        if (auto committed = writer.commit(); !committed) return told_of_room(std::move(committed).error().while_doing("nothing was deleted"));
        tell(report, *outcome);
        report.writers_blocked_ms = writer.writers_blocked_ms();
    }
    backup.end();
    return {};
}

}  // namespace

Result<MaintainCleanupReport> maintain_cleanup(Context& outer, const MaintainCleanupRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.before.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    MaintainCleanupReport report{.database = TRY(target_database(context, request.target)), .dry_run = request.dry_run, .before = {}};
    const auto rules = TRY(cleanup_rules(context, {.said = request.rules, .settings = request.before.repository.settings, .database = report.database}));
    if (rules.empty() && request.is_one_of_several) return report;
    if (rules.empty()) {
        return fail(ErrorCode::invalid, "clean up {}: there is no rule for it, here or in the settings", printable(report.database))
            .with_advice("--table sessions --column ended_at --older-than 30d; or [[source.NAME.cleanup]] in the settings");
    }
    // The rules are judged before a backup is made for them; and again under the lock.
    TRY(live::with_frozen(context.host, report.database, freeze_options(context),
                          {.first_look = {}, .use = [&](const sqlite::Image& image, const live::FreezeFacts&) { return live::expect_sound(image, rules); }}));
    TRY(request.dry_run ? rehearse(context, rules, report) : clean(context, request, rules, report));
    if (request.dry_run) {
        for (auto& told : told_unfinished(context, request.before.repository, report.database)) report.warnings.push_back(std::move(told));
    }
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
