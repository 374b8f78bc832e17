#include "holdfast/live/statistics.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/target_database.h"

namespace holdfast::operations {

Result<MaintainStatsReport> maintain_stats(Context& outer, const MaintainStatsRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.wait_s);
    MaintainStatsReport report;
    report.database = TRY(target_database(context, request.target));
    live::DatabaseStatistics found;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts& facts) -> Result<void> {
        report.journal_mode = live::has_wal(facts.way) ? "wal" : "rollback";
        report.file_bytes = facts.file.size;
        found = TRY(live::statistics_of(image, context.watch));
        return {};
    };
    TRY(live::with_frozen(context.host, report.database, freeze_options(context), {.first_look = {}, .use = use}));
    const auto wal = TRY(host::status_if_any(context.host.files, report.database + "-wal"));
    report.wal_bytes = wal ? wal->size : 0;
    report.page_size = found.page_size;
    report.pages = found.pages;
    report.free_pages = found.free_pages;
    report.encoding = found.encoding;
    report.auto_vacuum = found.auto_vacuum;
    report.user_version = found.user_version;
    report.application_id = found.application_id;
    report.indexes = found.indexes;
    report.views = found.views;
    report.triggers = found.triggers;
    for (auto& table : found.tables) report.tables.push_back({std::move(table.table), table.rows, table.bytes, table.unused_bytes});
    return report;
}

}  // namespace holdfast::operations
