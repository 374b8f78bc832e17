#include "holdfast/operations/copy_rotation.h"

#include <algorithm>

#include "holdfast/history/retention.h"

namespace holdfast::operations {

bool is_of_same_database(const bundle::CopyRecord& a, const bundle::CopyRecord& b) { return a.what == b.what && a.database == b.database && a.machine == b.machine; }

// Retention tells backups apart by numbers; those of copies come from several repositories, so their places stand in.
Result<std::vector<std::size_t>> rotated_out(Context& context, const std::vector<bundle::CopyRecord>& records, const bundle::CopyRecord& like,
                                             const PlainCopyOrder& order) {
    using repository::SnapshotKind;
    std::vector<history::RetentionCandidate> candidates;
    for (std::size_t at = 0; at < records.size(); ++at) {
        const auto& record = records[at];
        if (record.is_latest || !is_of_same_database(record, like)) continue;
        const bool is_manual = !record.is_automatic && !order.counts_kinds_together;
        candidates.push_back({.number = {at + 1}, .time = record.time, .kind = is_manual ? SnapshotKind::manual : SnapshotKind::automatic});
    }
    const auto zone = TRY(host::TimeZone::find(order.policy.time_zone));
    auto policy = order.policy;
    policy.oldest_unproven = history::OldestUnproven::goes;  // what proves is the backup; copies are as many as were asked for
    const auto plan = TRY(history::plan_retention(candidates, policy, {.zone = zone, .now = context.host.clock.now()}));
    std::vector<std::size_t> places;
    for (const auto number : plan.dropped()) places.push_back(number.value - 1);
    return places;
}

}  // namespace holdfast::operations
