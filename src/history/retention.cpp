#include "holdfast/history/retention.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/retention_decision.h"

namespace holdfast::history {
namespace {

std::string_view word_for(repository::SnapshotKind kind) {
    return kind == repository::SnapshotKind::automatic ? "automatic" : kind == repository::SnapshotKind::safety ? "safety" : "manual";
}

std::string counted_of(std::string_view name, const Finding& finding, KeepCount count) {
    return count == keep_every_one ? format("{} {} of all", name, finding.ordinal) : format("{} {} of {}", name, finding.ordinal, count);
}

std::string period_of(const Finding& finding, const DatedCandidate& dated) {
    return period_name(finding.period, dated.candidate->time, dated.utc_offset_s);
}

// What keeps it, in words.
std::string reason_to_keep(const Finding& finding, const DatedCandidate& dated, const Safeguards& guards) {
    const RetentionCandidate& candidate = *dated.candidate;
    const std::string title = finding.group == nullptr ? "" : finding.group->title;
    switch (finding.mark) {
        case Mark::last: return title + counted_of("last", finding, finding.group->rule->last);
        case Mark::period: return title + counted_of(adverb_of(finding.period), finding, finding.group->rule->of(finding.period)) + ": " + period_of(finding, dated);
        case Mark::oldest_of_period: return format("{}oldest {}: {}", title, adverb_of(finding.period), period_of(finding, dated));
        case Mark::within: return format("{}within {}", title, in_words(finding.group->rule->within));
        case Mark::all: return title.empty() ? format("{} backups are kept for ever", word_for(candidate.kind)) : title + "kept for ever";
        case Mark::held: return candidate.held->empty() ? "held" : format("held: {}", *candidate.held);
        case Mark::in_use: return "in use by a " + candidate.in_use;
        case Mark::in_future: return "its time is in the future: no rule counts it";
        case Mark::not_meant: return "not among those that are meant";
        case Mark::undo: return format("its restore can be undone for {}", in_words(*guards.undo_within));
        case Mark::newest_safety: return "the newest safety backup";
        case Mark::last_verified: return "the last verified backup";
        case Mark::last_proven: return "the last backup that was opened and good";
        case Mark::none_proven: return "the oldest: SQLite has opened none of them yet (holdfast verify --level opened)";
        case Mark::minimum: return guards.minimum_keep == 1 ? "at least 1 whole backup stays" : format("at least {} whole backups stay", guards.minimum_keep);
        default: return format("{}, and no newer whole backup stays", candidate.flaw);
    }
}

// What each rule says of one that goes: those whose count newer ones have used up are told in one sentence.
std::vector<std::string> reasons_to_drop(std::span<const Finding> findings, const DatedCandidate& dated, const Safeguards& guards) {
    std::vector<std::string> reasons;
    std::string full;
    const auto add_full = [&](const Finding& finding, std::string_view name, KeepCount count) {
        full += format("{}{}{} {}", full.empty() ? "" : ", ", finding.group->title, name, count);
    };
    for (const auto& finding : findings) {
        const std::string title = finding.group == nullptr ? "" : finding.group->title;
        switch (finding.mark) {
            case Mark::last_full: add_full(finding, "last", finding.group->rule->last); break;
            case Mark::period_full: add_full(finding, adverb_of(finding.period), finding.group->rule->of(finding.period)); break;
            case Mark::period_has_newer: reasons.push_back(format("{}{}: #{} stands for {}", title, adverb_of(finding.period), finding.other.value, period_of(finding, dated))); break;
            case Mark::not_within: reasons.push_back(format("{}not within {}", title, in_words(finding.group->rule->within))); break;
            case Mark::newer_whole: reasons.push_back(format("{}, and #{} is newer and whole", dated.candidate->flaw, finding.other.value)); break;
            default: break;
        }
    }
    if (!full.empty()) reasons.insert(reasons.begin(), format("newer ones fill {}{}", reasons.empty() ? "every rule: " : "", full));
    const bool undo_is_over = guards.undo_within != nullptr && dated.candidate->kind == repository::SnapshotKind::safety;
    if (undo_is_over) reasons.push_back(format("its restore can be undone for {} only", in_words(*guards.undo_within)));
    if (reasons.empty()) reasons.emplace_back("no rule keeps it");
    return reasons;
}

RetentionPlan in_words(std::span<const DatedCandidate> candidates, Decision decision, const Safeguards& guards) {
    RetentionPlan plan;
    std::ranges::stable_sort(decision.findings, {}, &Finding::at);
    auto next = decision.findings.begin();
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        const auto first = next;
        while (next != decision.findings.end() && next->at == at) ++next;
        Verdict verdict{.number = candidates[at].candidate->number, .time = candidates[at].candidate->time, .kept = decision.kept[at], .reasons = {}};
        if (verdict.kept) {
            for (auto finding = first; finding != next; ++finding)
                if (keeps(finding->mark)) verdict.reasons.push_back(reason_to_keep(*finding, candidates[at], guards));
        } else {
            verdict.reasons = reasons_to_drop({first, next}, candidates[at], guards);
        }
        plan.verdicts.push_back(std::move(verdict));
    }
    return plan;
}

std::vector<DatedCandidate> dated_newest_first(std::span<const RetentionCandidate> candidates, const host::TimeZone& zone) {
    std::vector<DatedCandidate> all;
    all.reserve(candidates.size());
    for (const auto& candidate : candidates) all.push_back(dated(candidate, zone));
    sort_newest_first(all);
    return all;
}

}  // namespace

std::vector<repository::SnapshotNumber> RetentionPlan::dropped() const {
    std::vector<repository::SnapshotNumber> numbers;
    for (const auto& verdict : verdicts)
        if (!verdict.kept) numbers.push_back(verdict.number);
    std::ranges::sort(numbers);
    return numbers;
}

Result<RetentionPlan> plan_retention(std::span<const RetentionCandidate> candidates, const RetentionPolicy& policy, const RetentionMoment& when) {
    TRY(expect_keeping(policy));
    const auto all = dated_newest_first(candidates, when.zone);
    const auto groups = groups_of(all, policy);
    const Safeguards guards{.minimum_keep = policy.minimum_keep, .undo_within = &policy.undo_within, .oldest_unproven = policy.oldest_unproven};
    auto plan = in_words(all, decide(all, groups, guards, when), guards);
    HOLDFAST_ASSERT(all.empty() || plan.dropped().size() < all.size());  // every rule keeps the newest whole one, and flawed ones need it
    return plan;
}

std::string rules_for(const RetentionCandidate& candidate, const RetentionPolicy& policy) {
    const std::vector<DatedCandidate> one = {{.candidate = &candidate}};
    std::string text;
    for (const auto& group : groups_of(one, policy))
        if (!group.members.empty() && !group.rule->is_empty()) text += format("{}{}{}", text.empty() ? "" : "; ", group.title, to_text(*group.rule));
    if (candidate.kind == repository::SnapshotKind::safety) text += format("{}the newest, and {} for undo", text.empty() ? "" : "; ", in_words(policy.undo_within));
    return text;
}

Result<RetentionPlan> plan_once(std::span<const RetentionCandidate> candidates, const RetentionOnce& once, const RetentionMoment& when) {
    const bool may_remove_all = once.remove_all == RetentionOnce::RemoveAll::allow;
    if (once.rule.is_empty() && !may_remove_all) {
        return fail(ErrorCode::invalid, "the rule keeps nothing: every backup that is meant would go").with_advice("--keep-last 1, or another count above 0");
    }
    const auto all = dated_newest_first(candidates, when.zone);
    std::vector<RuleGroup> groups = {{.title = "", .rule = &once.rule, .members = {}}};
    for (std::size_t at = 0; at < all.size(); ++at)
        if (once.meant.contains(all[at].candidate->number)) groups[0].members.push_back(at);
    const Safeguards guards{.minimum_keep = once.minimum_keep, .floor = may_remove_all ? Safeguards::Floor::waived : Safeguards::Floor::holds};
    return in_words(all, decide(all, groups, guards, when), guards);
}

}  // namespace holdfast::history
