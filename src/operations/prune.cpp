#include "holdfast/repository/prune.h"

#include <algorithm>

#include "holdfast/history/history.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

Result<PruneReport> prune(Context& context, const PruneRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const std::int64_t grace_s = TRY(parse_duration_s(request.grace));
    const auto opened = TRY(open_repository(context, request.repository, {.databases = {}, .low_priority = true}));
    const auto forgotten = TRY(history::forgotten_snapshots(opened->get(), context.host.clock.now(), grace_s));
    // What writers that died left in tmp/ is no object yet, and nobody's.
    if (!request.dry_run) TRY(store::sweep_leftovers(context.host, opened->path()));
    const repository::PruneRequest plan{.drop = forgotten.ripe, .dry_run = request.dry_run, .wait_s = static_cast<std::int64_t>(std::min<std::uint64_t>(request.wait_s, 86'400))};
    const auto pruned = TRY(repository::prune(opened->get(), plan, context.watch));
    if (request.dry_run) TRY(context.host.files.expect_writable(opened->path()));  // as the real one needs it

    PruneReport report;
    report.dry_run = request.dry_run;
    for (const auto number : pruned.dropped) report.dropped.push_back(number.value);
    report.in_grace = forgotten.in_grace.size();
    report.packs_removed = pruned.packs_removed;
    report.packs_repacked = pruned.packs_repacked;
    report.bytes_freed = pruned.bytes_freed;
    report.bytes_waiting = pruned.bytes_waiting;
    report.bytes_kept = pruned.bytes_kept;
    report.sessions_voided = pruned.sessions_voided;
    report.waiting_for = pruned.waiting_for;
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
