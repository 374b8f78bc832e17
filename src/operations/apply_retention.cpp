#include "holdfast/operations/apply_retention.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/check.h"

namespace holdfast::operations {

namespace {

using repository::Snapshot;
using repository::SnapshotNumber;

Result<SourceMoments> moments_of(const repository::Repository& repository, const Snapshot& snapshot) {
    for (auto& source : TRY(moments_by_source(repository, {.source = to_hex(snapshot.source.id)})))
        if (source.source.id == snapshot.source.id) return std::move(source);
    return fail(ErrorCode::not_found, "backup #{} has gone from the list", snapshot.number.value);
}

const history::Moment* find(const SourceMoments& source, SnapshotNumber number) {
    const auto at = std::ranges::find(source.moments, number, [](const history::Moment& moment) { return moment.snapshot.number; });
    return at == source.moments.end() ? nullptr : &*at;
}

// What it shares with the backup before was read when it was stored, and is looked for; what it has added is read.
Result<void> verify_added(Context& context, repository::Repository& repository, const SourceMoments& source, SnapshotNumber number) {
    repository::CheckRequest request{.snapshots = {number}};
    for (const auto& moment : source.moments)
        if (moment.snapshot.number < number) request.listed_if_in = moment.snapshot.number;
    const auto checked = TRY(repository::check(repository, request, context.watch));
    repository::Note note{.type = repository::NoteType::verified, .time = context.host.clock.now()};
    note.value = static_cast<std::uint64_t>(request.listed_if_in ? repository::VerifyLevel::listed : repository::VerifyLevel::hashed);
    note.good = checked.good();
    if (!note.good) note.text = checked.ranges.empty() ? checked.objects.front().why : checked.ranges.front().why;
    TRY(repository.add_note(number, note));
    if (checked.good()) return {};
    return fail(ErrorCode::corrupt, "verifying #{} found damage: {}", number.value, note.text).with_advice(format("holdfast verify {}", number.value));
}

// The snapshots to forget; verifies the new one first when there are any.
Result<std::vector<SnapshotNumber>> to_forget(Context& context, repository::Repository& repository, const Snapshot& snapshot, const Policies& policies) {
    auto source = TRY(moments_of(repository, snapshot));
    const auto first = TRY(plan_for(context, source, policies.of(source.source)));
    if (first.plan.dropped().empty()) return std::vector<SnapshotNumber>();
    const auto* newest = find(source, snapshot.number);
    if (newest == nullptr) return std::vector<SnapshotNumber>();  // somebody has forgotten it already
    if (!candidate_of(*newest).flaw.empty()) return std::vector<SnapshotNumber>();
    if (!newest->notes.verified) {
        TRY(verify_added(context, repository, source, snapshot.number));
        source = TRY(moments_of(repository, snapshot));  // the new note moves what `verified` protects
    }
    return TRY(plan_for(context, source, policies.of(source.source))).plan.dropped();
}

Result<std::vector<SnapshotNumber>> apply(Context& context, repository::Repository& repository, const Snapshot& snapshot, const Policies& policies) {
    const auto numbers = TRY(to_forget(context, repository, snapshot, policies));
    if (numbers.empty()) return numbers;
    TRY(history::forget(repository, numbers, context.host.clock.now()));
    return numbers;
}

}  // namespace

AppliedRetention apply_retention(Context& context, repository::Repository& repository, const Snapshot& snapshot, const Policies& policies) {
    AppliedRetention applied;
    if (!snapshot.is_whole() || snapshot.damaged) return applied;
    auto numbers = apply(context, repository, snapshot, policies);
    // Another backup's retention, a person's hold or a guard may have come between plan and note: the next plan knows of it.
    if (!numbers && (numbers.error().code() == ErrorCode::invalid || numbers.error().code() == ErrorCode::busy)) numbers = apply(context, repository, snapshot, policies);
    if (!numbers) {
        const std::string advice = numbers.error().advice().empty() ? std::string() : "; " + numbers.error().advice();
        applied.warnings.push_back(format("no backup was forgotten by the retention policy: {}{}", numbers.error().message(), advice));
        return applied;
    }
    for (const auto number : *numbers) applied.forgotten.push_back(number.value);
    return applied;
}

}  // namespace holdfast::operations
