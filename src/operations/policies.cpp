#include "holdfast/operations/policies.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

const history::RetentionPolicy& Policies::of(const repository::SourceRecord& source) const {
    const auto at = of_source.find(source.name);
    return at == of_source.end() ? otherwise : at->second;
}

history::RetentionCandidate candidate_of(const history::Moment& moment) {
    const auto& [snapshot, notes] = moment;
    history::RetentionCandidate candidate{.number = snapshot.number, .time = snapshot.time, .kind = snapshot.kind};
    for (const auto& tag : snapshot.tags) candidate.tags.push_back(history::text_of(tag));
    if (notes.held) candidate.held = printable(notes.held->text);
    if (snapshot.damaged) candidate.flaw = "its source was damaged";
    else if (snapshot.partial) candidate.flaw = "it is partial";
    else if (snapshot.skew) candidate.flaw = "it is not of one moment";
    else if (moment.is_bad()) candidate.flaw = "verification found damage";
    candidate.verified = candidate.flaw.empty() && notes.verified && notes.verified->good;
    candidate.proven = candidate.flaw.empty() && moment.is_good();
    return candidate;
}

std::vector<history::RetentionCandidate> candidates_of(const SourceMoments& source) {
    std::vector<history::RetentionCandidate> candidates;
    for (const auto& moment : source.moments) {
        candidates.push_back(candidate_of(moment));
        if (const auto at = source.in_use.find(moment.snapshot.number); at != source.in_use.end()) candidates.back().in_use = at->second;
    }
    return candidates;
}

Result<history::RetentionRule> rule_of(const KeepRequest& request) {
    history::RetentionRule rule;
    const auto count = [](std::string_view flag, const std::string& text) {
        return text.empty() ? Result<history::KeepCount>(0) : history::parse_keep_count(flag, text);
    };
    rule.last = TRY(count("--keep-last", request.last));
    rule.hourly = TRY(count("--keep-hourly", request.hourly));
    rule.daily = TRY(count("--keep-daily", request.daily));
    rule.weekly = TRY(count("--keep-weekly", request.weekly));
    rule.monthly = TRY(count("--keep-monthly", request.monthly));
    rule.yearly = TRY(count("--keep-yearly", request.yearly));
    if (!request.within.empty()) rule.within = TRY(history::parse_span(request.within));
    return rule;
}

Result<std::vector<SourceMoments>> moments_by_source(const repository::Repository& repository, const history::Filter& filter) {
    auto list = TRY(history::list_moments(repository, {}));
    if (!list.note_damage.empty()) {
        return list.note_damage.front()
            .copy()
            .with_code(ErrorCode::corrupt)
            .while_doing("apply retention: a note cannot be read, which may hold a backup")
            .with_advice("holdfast verify --all names the damaged object");
    }
    const auto in_use = TRY(repository.kept_in_use());
    std::map<std::array<std::byte, 16>, SourceMoments> by_id;
    for (auto& moment : list.moments) {
        auto& source = by_id[moment.snapshot.source.id];
        source.source = moment.snapshot.source;
        source.moments.push_back(std::move(moment));
    }
    std::vector<SourceMoments> sources;
    for (auto& [id, source] : by_id) {  // whole sources: one may have been called otherwise before
        const auto is_meant = [&](const history::Moment& moment) { return history::matches(moment.snapshot.source, filter); };
        source.in_use = in_use;
        if (std::ranges::any_of(source.moments, is_meant)) sources.push_back(std::move(source));
    }
    std::ranges::sort(sources, std::greater(), [](const SourceMoments& source) { return source.moments.back().snapshot.number; });
    return sources;
}

Result<SourcePlan> plan_for(Context& context, const SourceMoments& source, const history::RetentionPolicy& policy) {
    auto zone = TRY(host::TimeZone::find(policy.time_zone));
    auto plan = TRY(history::plan_retention(candidates_of(source), policy, {.zone = zone, .now = context.host.clock.now()}));
    return SourcePlan{.plan = std::move(plan), .zone = std::move(zone)};
}

}  // namespace holdfast::operations
