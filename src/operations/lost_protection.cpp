#include "holdfast/operations/lost_protection.h"

#include <algorithm>
#include <map>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/operations/policies.h"

namespace holdfast::operations {

namespace {

using history::RetentionCandidate;
using repository::SnapshotNumber;

struct OfSource {
    std::string name;
    std::vector<RetentionCandidate> newest_first;  // those that a restore would take
};

std::map<std::array<std::byte, 16>, OfSource> whole_by_source(const std::vector<history::Moment>& moments) {
    std::map<std::array<std::byte, 16>, OfSource> sources;
    for (const auto* moment : history::newest_first(moments)) {
        auto candidate = candidate_of(*moment);
        if (!candidate.flaw.empty() || !repository::is_ordinary(candidate.kind)) continue;
        auto& source = sources[moment->snapshot.source.id];
        if (source.name.empty()) source.name = printable(moment->snapshot.source.name);
        source.newest_first.push_back(std::move(candidate));
    }
    return sources;
}

// A thing that the newest backup with it stands for.
struct Protection {
    bool RetentionCandidate::*has;
    std::string_view what;
    std::string_view otherwise;
};
constexpr Protection protections[] = {{&RetentionCandidate::verified, "that is verified", "none that stays is verified: holdfast verify"},
                                      {&RetentionCandidate::proven, "that was opened and good", "none that stays has been opened: holdfast verify --level opened"}};

}  // namespace

Result<LostProtection> lost_protection(const repository::Repository& repository, std::span<const SnapshotNumber> forgotten) {
    const auto goes = [&](const RetentionCandidate& candidate) { return std::ranges::find(forgotten, candidate.number) != forgotten.end(); };
    const auto list = TRY(history::list_moments(repository, {}));
    LostProtection lost;
    for (const auto& [id, source] : whole_by_source(list.moments)) {
        const auto& all = source.newest_first;
        if (std::ranges::none_of(all, goes)) continue;
        if (std::ranges::all_of(all, goes)) {
            lost.without_any.push_back(source.name);
            continue;
        }
        for (const auto& [has, what, otherwise] : protections) {
            const auto last = std::ranges::find_if(all, [&](const auto& candidate) { return candidate.*has; });
            if (last == all.end() || !goes(*last)) continue;
            const auto next = std::ranges::find_if(all, [&](const auto& candidate) { return candidate.*has && !goes(candidate); });
            const std::string left = next == all.end() ? std::string(otherwise) : format("of those that stay, #{} is the last", next->number.value);
            lost.warnings.push_back(format("#{} is the last backup of {} {}; {}", last->number.value, source.name, what, left));
        }
    }
    return lost;
}

}  // namespace holdfast::operations
