// Retention in this room: which policy holds for a source, what history has to know of its backups, and the plan for each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "holdfast/history/history.h"
#include "holdfast/history/retention.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/keep_request.h"

namespace holdfast::operations {

// The policies that the settings give; without settings the defaults.
struct Policies {
    history::RetentionPolicy otherwise;
    std::map<std::string, history::RetentionPolicy, std::less<>> of_source;  // by the source's name
    const history::RetentionPolicy& of(const repository::SourceRecord& source) const;
};

history::RetentionCandidate candidate_of(const history::Moment& moment);
// `invalid`: a count or span that is none.
Result<history::RetentionRule> rule_of(const KeepRequest& request);

// Backups of one source, ascending by number, and its newest name.
struct SourceMoments {
    repository::SourceRecord source;
    std::vector<history::Moment> moments;
    std::map<repository::SnapshotNumber, std::string> in_use;  // by whom, who may go back to it
};
std::vector<history::RetentionCandidate> candidates_of(const SourceMoments& source);
// Whole sources, of which the filter means one name or path: what is narrower is not looked at. None of the backups is
// forgotten. `corrupt` when a note cannot be read: it may be a
// hold. The source used last comes first.
Result<std::vector<SourceMoments>> moments_by_source(const repository::Repository& repository, const history::Filter& filter);

struct SourcePlan {
    history::RetentionPlan plan;
    host::TimeZone zone = host::TimeZone::local();
};
Result<SourcePlan> plan_for(Context& context, const SourceMoments& source, const history::RetentionPolicy& policy);

}  // namespace holdfast::operations
