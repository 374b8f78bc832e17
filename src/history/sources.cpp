#include "holdfast/history/sources.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::history {

std::string title_of(const repository::SourceRecord& source) {
    return format("{} ({})", printable(source.name), to_hex(source.id).substr(0, 8));
}

std::vector<repository::SourceRecord> sources_of(const std::vector<Moment>& moments,
                                                 const std::function<bool(const Moment&)>& wanted) {
    std::vector<repository::SourceRecord> sources;
    std::set<std::array<std::byte, 16>> seen;
    for (auto at = moments.rbegin(); at != moments.rend(); ++at) {
        if (wanted(*at) && seen.insert(at->snapshot.source.id).second) sources.push_back(at->snapshot.source);
    }
    return sources;
}

std::string titles_of(const std::vector<repository::SourceRecord>& sources) {
    constexpr std::size_t shown_max = 10;
    std::string titles;
    for (std::size_t i = 0; i < std::min(sources.size(), shown_max); ++i) {
        titles += (i == 0 ? "" : ", ") + title_of(sources[i]);
    }
    if (sources.size() > shown_max) titles += format(" and {} more", sources.size() - shown_max);
    return titles;
}

Error no_such_source(const repository::Repository& repository, const Filter& filter) {
    const std::string wanted = printable(filter.source.empty() ? filter.path : filter.source);
    const auto all = list_moments(repository, {.source = {}, .path = {}, .with_forgotten = true});
    if (!all || all->moments.empty()) {
        return fail(ErrorCode::not_found, "no source {} here: there is no backup yet", wanted).with_advice("holdfast backup DATABASE");
    }
    return fail(ErrorCode::not_found, "no source {} here; there are {}", wanted,
                titles_of(sources_of(all->moments, [](const Moment&) { return true; })))
        .with_advice("--source with one of these names");
}

}  // namespace holdfast::history
