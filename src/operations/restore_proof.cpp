#include "holdfast/operations/restore_proof.h"

#include <algorithm>
#include <functional>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/safety_backup.h"
#include "holdfast/repository/check.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::operations {

namespace {

using sqlite::CheckOutcome;

// A missing collation or function is told and stops nothing.
using Check = std::function<Result<CheckOutcome>()>;
Result<CheckOutcome> check_member(Context& context, RestoredMember& report, const Check& check) {
    const host::Stopwatch stopwatch(context.host.clock);
    auto outcome = TRY(check());
    report.check_ms = stopwatch.ms();
    report.check = name_of(outcome.verdict);
    report.findings = outcome.findings;
    return outcome;
}

void note_known_damage(PlannedMember& member) {
    if (member.entry.database->findings.empty()) return;
    member.report.notes.push_back("the source was damaged already when it was backed up: " +
                                  member.entry.database->findings.front());
}

Result<CheckOutcome> check_kept(Context& context, OpenRepository& opened, PlannedMember& member, bool is_outside) {
    return check_member(context, member.report, [&] {
        return is_outside ? check_image(*member.image, context.watch) : check_kept_image(context, opened.get(), *member.image);
    });
}

Result<void> without_value(Result<CheckOutcome> outcome) { return outcome ? Result<void>() : std::move(outcome).error(); }

Result<void> check_written(Context& context, PlannedMember& member) {
    const auto file = TRY(sqlite::RawFile::open(member.report.to, {.vfs = context.vfs}));
    const auto image = sqlite::file_image(file, member.image->page_size(), member.image->last_page());
    TRY(check_member(context, member.report, [&] { return check_image(*image, context.watch); }));
    return {};
}

const repository::DamagedRange* first_damage(const repository::CheckReport& checked, repository::SnapshotNumber number) {
    const auto found = std::ranges::find(checked.ranges, number, &repository::DamagedRange::snapshot);
    return found == checked.ranges.end() ? nullptr : &*found;
}

Result<void> expect_undamaged(const repository::CheckReport& checked, repository::SnapshotNumber number) {
    const auto* first = first_damage(checked, number);
    if (first == nullptr) return {};
    return fail(ErrorCode::corrupt, "restore backup #{}: bytes {} to {} of {} cannot be proven: {}", number.value, first->offset,
                first->offset + first->size, printable(first->member), first->why)
        .with_advice(format("nothing was changed; holdfast verify {} tells the whole damage; restore another backup", number.value));
}

}  // namespace

Result<void> expect_proven(Context& context, OpenRepository& opened, repository::SnapshotNumber number) {
    return expect_undamaged(TRY(repository::check(opened.get(), {.snapshots = {number}, .level = repository::VerifyLevel::hashed}, context.watch)), number);
}

Result<void> prove_parent(Context& context, OpenRepository& opened, RestorePlan& plan, std::optional<repository::SnapshotNumber> also) {
    const auto parent = TRY(parent_of_safety(context, opened.get(), plan));
    repository::CheckRequest request{.snapshots = {}, .may_be_gone = !also, .level = repository::VerifyLevel::hashed};
    if (also) request.snapshots.push_back(*also);
    if (parent && parent != also) request.snapshots.push_back(*parent);
    if (request.snapshots.empty()) return {};
    const auto checked = TRY(repository::check(opened.get(), request, context.watch));
    if (also) TRY(expect_undamaged(checked, *also));
    if (parent && first_damage(checked, *parent) == nullptr) plan.proven_parent = parent;
    return {};
}

Result<void> prove_before(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request) {
    const auto number = plan.is_outside ? std::nullopt : std::optional(plan.number);
    if (plan.needs_safety_backup()) TRY(prove_parent(context, opened, plan, number));
    else if (number) TRY(expect_proven(context, opened, *number));
    for (auto& member : plan.members) {
        note_known_damage(member);
        if (request.no_check) {
            member.report.check = "left out";
            continue;
        }
        const auto outcome = TRY(check_kept(context, opened, member, plan.is_outside));
        const bool is_news = member.entry.database->findings.empty();
        if (outcome.verdict != CheckOutcome::Verdict::damaged || !is_news) continue;
        return fail(ErrorCode::corrupt, "restore {}: its bytes are as they were, but SQLite finds {} damaged: {}",
                    plan.of, printable(member.entry.name), outcome.findings.empty() ? "" : outcome.findings.front())
            .with_advice("nothing was changed; an older backup may be whole; --to looks at this one; --no-check restores it as it is");
    }
    return {};
}

Result<void> check_after(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request) {
    for (auto& member : plan.members) {
        if (!member.image) continue;
        note_known_damage(member);
        if (request.no_check) {
            member.report.check = "left out";
            continue;
        }
        const auto checked = request.dry_run ? without_value(check_kept(context, opened, member, plan.is_outside)) : check_written(context, member);
        const bool is_bad = member.report.check == name_of(CheckOutcome::Verdict::damaged);
        member.report.damaged = is_bad && member.entry.database->findings.empty();
        if (checked) continue;
        if (checked.error().code() == ErrorCode::cancelled) return checked.error().copy();
        member.report.check = name_of(CheckOutcome::Verdict::could_not);
        member.report.findings.push_back(checked.error().message());
    }
    return {};
}

}  // namespace holdfast::operations
