#include "holdfast/operations/room_to_gain.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/policies.h"
#include "holdfast/repository/prune.h"

namespace holdfast::operations {

namespace {

using Numbers = std::vector<repository::SnapshotNumber>;

Result<std::uint64_t> freed_without(Context& context, repository::Repository& repository, const Numbers& dropped) {
    return TRY(repository::prune(repository, {.drop = dropped, .dry_run = true}, context.watch)).bytes_freed;
}

Result<Numbers> dropped_by(Context& context, const repository::Repository& repository, const Policies& policies) {
    Numbers dropped;
    for (const auto& source : TRY(moments_by_source(repository, {}))) {
        const auto planned = TRY(plan_for(context, source, policies.of(source.source)));
        std::ranges::copy(planned.plan.dropped(), std::back_inserter(dropped));
    }
    return dropped;
}

Result<RoomToGain> look(Context& context, repository::Repository& repository, const Policies& policies) {
    const std::int64_t grace_s = TRY(parse_duration_s(PruneRequest{}.grace));
    const auto forgotten = TRY(history::forgotten_snapshots(repository, context.host.clock.now(), grace_s));
    RoomToGain gain;
    gain.forgotten = forgotten.ripe.size() + forgotten.in_grace.size();
    gain.by_prune = TRY(freed_without(context, repository, forgotten.ripe));
    Numbers all = forgotten.ripe;
    all.insert(all.end(), forgotten.in_grace.begin(), forgotten.in_grace.end());
    gain.by_prune_grace_0 = forgotten.in_grace.empty() ? gain.by_prune : TRY(freed_without(context, repository, all));
    const auto more = TRY(dropped_by(context, repository, policies));
    gain.to_forget = more.size();
    all.insert(all.end(), more.begin(), more.end());
    std::ranges::sort(all);
    gain.by_forget_and_prune = more.empty() ? gain.by_prune_grace_0 : TRY(freed_without(context, repository, all));
    return gain;
}

}  // namespace

std::string RoomToGain::in_words() const {
    if (!unknown_because.empty()) return format("; what forget and prune would gain is not known: {}", unknown_because);
    std::string words = format("; holdfast prune would free {}", human_bytes(by_prune));
    if (by_prune_grace_0 != by_prune) words += format(", with --grace 0 {}", human_bytes(by_prune_grace_0));
    if (to_forget > 0) words += format(", after holdfast forget --policy (of {} backups) {}", to_forget, human_bytes(by_forget_and_prune));
    return words;
}

RoomToGain room_to_gain(Context& context, repository::Repository& repository, const Policies& policies) {
    auto gain = look(context, repository, policies);
    if (gain) return std::move(gain).value();
    RoomToGain unknown;
    unknown.unknown_because = gain.error().message();
    return unknown;
}

}  // namespace holdfast::operations
