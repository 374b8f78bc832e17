#include "holdfast/operations/ways_back.h"

#include <algorithm>

#include "holdfast/history/history.h"

namespace holdfast::operations {

namespace {

using OfSource = std::vector<const history::Moment*>;

WaysBack ways_back_of(const OfSource& newest_first) {
    WaysBack ways{.source = newest_first.front()->snapshot.source.name, .last_good = {}, .last_good_time = {}, .unopened = {}, .recallable = {}};
    for (const auto* moment : newest_first) {
        const auto& [snapshot, notes] = *moment;
        const bool is_whole = snapshot.is_whole() && !moment->is_bad();
        if (!is_whole || !repository::is_ordinary(snapshot.kind)) continue;
        const auto number = snapshot.number.value;
        if (!notes.forgotten && moment->is_good()) {
            ways.last_good = number;
            ways.last_good_time = snapshot.time;
            break;
        }
        (notes.forgotten ? ways.recallable : ways.unopened).push_back(number);
    }
    std::ranges::reverse(ways.unopened);
    std::ranges::reverse(ways.recallable);
    return ways;
}

}  // namespace

Result<std::vector<WaysBack>> ways_back_from(const repository::Repository& repository, std::span<const std::uint64_t> verified) {
    const auto list = TRY(history::list_moments(repository, {.with_forgotten = true}));
    std::vector<std::pair<std::array<std::byte, 16>, OfSource>> sources;
    std::vector<std::array<std::byte, 16>> damaged;
    for (const auto* moment : history::newest_first(list.moments)) {
        const auto& id = moment->snapshot.source.id;
        auto at = std::ranges::find(sources, id, [](const auto& source) { return source.first; });
        if (at == sources.end()) at = sources.insert(at, {id, {}});
        at->second.push_back(moment);
        if (moment->is_bad() && std::ranges::find(verified, moment->snapshot.number.value) != verified.end()) damaged.push_back(id);
    }
    std::vector<WaysBack> ways;
    for (const auto& [id, moments] : sources)
        if (std::ranges::find(damaged, id) != damaged.end()) ways.push_back(ways_back_of(moments));
    return ways;
}

}  // namespace holdfast::operations
