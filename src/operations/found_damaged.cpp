#include "holdfast/operations/found_damaged.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

using repository::VerifyLevel;
constexpr std::uint64_t looked_at_by_its_backup = 0;

std::uint64_t depth_of_finding(const history::Moment& moment) {
    return moment.notes.verified && !moment.notes.verified->good ? moment.notes.verified->value : looked_at_by_its_backup;
}

std::uint64_t depth_of_proof(const history::Moment& moment) {
    if (moment.is_good()) return static_cast<std::uint64_t>(VerifyLevel::opened);
    return moment.notes.verified ? moment.notes.verified->value : looked_at_by_its_backup;
}

// Each database and the root of its tree: equal ones are the same bytes.
Bytes content_of(const history::Moment& moment) {
    Bytes content;
    for (const auto& member : moment.snapshot.members) {
        const auto root = repository::encode_content(member.content);
        std::ranges::copy(bytes_of(member.name), std::back_inserter(content));
        content.push_back(std::byte{0});
        content.insert(content.end(), root.begin(), root.end());
    }
    return content;
}

}  // namespace

FoundDamaged::FoundDamaged(const std::vector<history::Moment>& moments) {
    for (const auto& moment : moments)
        if (moment.is_bad()) bad_contents_.insert(content_of(moment));
    std::optional<std::uint64_t> proven;  // how deep, of anything newer
    for (const auto* moment : history::newest_first(moments)) {
        if (!repository::is_ordinary(moment->snapshot.kind)) continue;
        if (moment->is_bad() && (!proven || depth_of_finding(*moment) > *proven)) newest_.push_back(moment);
        if (!is_known_bad(*moment) && !moment->snapshot.partial) proven = std::max(proven.value_or(0), depth_of_proof(*moment));
    }
    std::ranges::reverse(newest_);
}

bool FoundDamaged::is_known_bad(const history::Moment& moment) const {
    return moment.is_bad() || (!moment.is_good() && !bad_contents_.empty() && bad_contents_.contains(content_of(moment)));
}

std::string FoundDamaged::in_words() const {
    if (newest_.empty()) return "";
    const auto& oldest = newest_.front()->snapshot;
    const auto newest = newest_.back()->snapshot.number.value;
    const std::string which = newest_.size() == 1 ? format("backup #{} was found damaged; it", newest)
                                                  : format("{} backups, #{} to #{}, were found damaged; the oldest of them", newest_.size(), oldest.number.value, newest);
    return format("{} is of {}, and nothing newer is proven: holdfast maintain check tells whether the database itself is damaged; "
                  "holdfast verify --all which backups are good", which, to_rfc3339(oldest.time));
}

}  // namespace holdfast::operations
