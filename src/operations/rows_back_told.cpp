#include "holdfast/operations/rows_back_told.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/recovery_log.h"

namespace holdfast::operations {

namespace {

std::string_view name_of(rows::KeptIndex::How how) {
    switch (how) {
        case rows::KeptIndex::How::followed: return "followed";
        case rows::KeptIndex::How::verified: return "verified";
        case rows::KeptIndex::How::rebuilt: return "rebuilt";
    }
    return "rebuilt";
}

struct Totals {
    std::uint64_t inserted = 0, updated = 0;
};
Totals totals_of(const RowsBack& rows) {
    Totals totals;
    for (const auto& table : rows.tables) {
        totals.inserted += table.inserted;
        totals.updated += table.updated;
    }
    return totals;
}

std::string local(Timestamp time) { return to_display(time, host::local_offset_s(time)); }

}  // namespace

void tell(const rows::Brought& brought, RowsBack& back) {
    back.tables.clear();
    back.indexes.clear();
    for (const auto& one : brought.tables) {
        back.tables.push_back({.table = one.table, .inserted = one.rows.inserted, .updated = one.rows.updated, .unchanged = one.rows.unchanged, .kept = one.rows.kept,
                               .left_out = one.rows.left_out, .parents = one.parents, .new_rowids = one.rows.new_rowids, .made = one.is_made,
                               .columns_left_out = one.columns_left_out, .columns_kept = one.columns_kept});
    }
    for (const auto& index : brought.indexes) back.indexes.push_back({.table = index.table, .how = std::string(name_of(index.how))});
}

std::string rows_question(const RestoreReport& report) {
    std::string text = format("restore rows of #{} of {} into {}:\n", report.number, local(report.time), printable(report.rows.database));
    if (report.rows.made_again) text += "  what is there now is damaged: it is dropped, with what it has got since the backup\n";
    for (const auto& table : report.rows.tables) {
        text += format("  {}: {} to insert, {} to change in place, {} the same", printable(table.table), table.inserted, table.updated, table.unchanged);
        if (table.kept + table.left_out > 0) text += format(", {} left as they are", table.kept + table.left_out);
        text += table.made ? "; the table is made\n" : "\n";
    }
    return text + "  the state as it is now is backed up first\n";
}

void tell_rows_recovery(Context& context, const RestoreRequest& request, const RowsRecovery& recovery, RestoreReport& report) {
    const auto totals = totals_of(report.rows);
    const std::string kept = report.safety_number == 0 ? "" : format(" (it is in backup #{})", report.safety_number);
    if (request.recovery_log.empty() || request.dry_run || totals.inserted + totals.updated == 0) return;
    if (report.rows.made_again) report.data_lost = format("what the damaged table has got since the backup{}", kept);
    else if (totals.updated == 0) report.data_lost = "None (rows were only inserted)";
    else report.data_lost = format("what {} rows held before{}", totals.updated, kept);
    const Timestamp now = context.host.clock.now();
    const RecoveryEntry entry{.date = local(now).substr(0, std::string_view("2026-01-29").size()),
                              .what = format("Restored {} rows of {}", totals.inserted + totals.updated, host::file_name_of(report.rows.database)),
                              .cause = recovery.cause,
                              .backup_used = format("#{} of {}", report.number, local(report.time)),
                              .data_lost = report.data_lost,
                              .duration_ms = recovery.duration_ms};
    const auto written = append_to_recovery_log(context.host, request.recovery_log, entry);
    if (written) report.recovery_log = request.recovery_log;
    else report.warnings.push_back(format("the recovery log has no entry of this: {}", written.error().text()));
}

}  // namespace holdfast::operations
