#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"

namespace holdfast::history {

namespace {

using repository::SnapshotNumber;
using Candidates = std::vector<const Moment*>;  // newest first

// Safety backups are taken only by those who ask for them.
bool is_visible(const Moment& moment, const Filter& filter) {
    return !moment.notes.forgotten && (!filter.kinds.empty() || repository::is_ordinary(moment.snapshot.kind));
}

bool has_database(const repository::Snapshot& snapshot, const std::string& path) {
    return std::ranges::any_of(snapshot.members, [&](const auto& member) { return member.name == path; });
}

// Whether the wanted path is a condition on the moment: only when it is the path that tells the source.
bool lacks_wanted_database(const repository::Snapshot& snapshot, const Filter& filter) {
    const auto& paths = snapshot.source.paths;
    if (filter.path.empty() || std::ranges::find(paths, filter.path) == paths.end()) return false;
    return !has_database(snapshot, filter.path);
}

std::string missing_in(const repository::Snapshot& snapshot) {
    std::string missing, lacking;
    std::size_t count = 0;
    for (const auto& failed : snapshot.failed) {
        const bool is_kept = std::ranges::find(snapshot.companions, failed.path, &repository::DirectoryEntry::name) != snapshot.companions.end();
        if (is_kept) lacking += (lacking.empty() ? "" : ", ") + printable(failed.path);
        else missing += (count++ == 0 ? "" : ", ") + printable(failed.path);
    }
    if (count > 0) missing += count == 1 ? " is not in it" : " are not in it";
    if (!lacking.empty()) missing += format("{}not all of {} is in it", count > 0 ? ", and " : "", lacking);
    return missing;
}

// What must be known of it however it was chosen.
std::vector<std::string> warnings_of(const repository::Snapshot& snapshot) {
    std::vector<std::string> warnings;
    if (!snapshot.failed.empty()) warnings.push_back(format("backup #{} is partial: {}", snapshot.number.value, missing_in(snapshot)));
    if (snapshot.skew) warnings.push_back(format("backup #{} is not of one moment: {}", snapshot.number.value, printable(snapshot.skew->why)));
    return warnings;
}

// A list searched for one moment: what is there, and what may be chosen without naming it.
class Search {
public:
    Search(const repository::Repository& repository, MomentList list, Filter filter)
        : repository_(repository), list_(std::move(list)), filter_(std::move(filter)) {}

    Result<Choice> by_id(const std::string& prefix) const;
    Result<Choice> newest(const Selector& selector) const;

private:
    Result<void> expect_one_source() const;
    Error nothing_found(const Selector& selector) const;
    Result<Choice> choice_of(const Moment& listed, std::vector<std::string> warnings) const;
    Candidates candidates(const Selector& selector) const;
    std::string passed_over_because(const Moment& newer, const Moment& chosen) const;
    std::vector<std::string> warnings_for(const Moment& chosen, const Selector& selector) const;

    const repository::Repository& repository_;
    MomentList list_;
    Filter filter_;
};

Result<Choice> Search::by_id(const std::string& prefix) const {
    const Moment* found = nullptr;
    for (const auto& moment : list_.moments) {
        if (!moment.snapshot.id.hex().starts_with(prefix)) continue;
        if (found != nullptr) {
            return fail(ErrorCode::invalid, "which backup is meant by '{}': #{} and #{} begin so", prefix,
                        found->snapshot.number.value, moment.snapshot.number.value)
                .with_advice("give more characters of the id, or the number");
        }
        found = &moment;
    }
    if (found == nullptr) {
        return fail(ErrorCode::not_found, "no backup's id begins with {}", prefix).with_advice("holdfast list --forgotten");
    }
    return choice_of(*found, warnings_of(found->snapshot));
}

// Read again, whole: lists leave out what is needed only to open a snapshot.
Result<Choice> Search::choice_of(const Moment& listed, std::vector<std::string> warnings) const {
    repository::NotesRead notes;
    notes.of.emplace(listed.snapshot.number, listed.notes);
    return Choice{.moment = Moment::of(TRY(repository_.snapshot(listed.snapshot.number)), notes), .warnings = std::move(warnings)};
}

Result<void> Search::expect_one_source() const {
    const auto sources = sources_of(list_.moments, [&](const Moment& moment) { return is_visible(moment, filter_); });
    if (sources.size() <= 1) return {};
    return fail(ErrorCode::invalid, "which source is meant: there are {}", titles_of(sources))
        .with_advice("--source with the name or, where that is not enough, the id; or the backup's number");
}

Candidates Search::candidates(const Selector& selector) const {
    Candidates found;
    for (const Moment* at : newest_first(list_.moments)) {
        const auto& snapshot = at->snapshot;
        if (!is_visible(*at, filter_) || at->is_bad()) continue;
        if (lacks_wanted_database(snapshot, filter_)) continue;
        if (selector.kind == Selector::Kind::last_good && !at->is_good()) continue;
        if (selector.kind == Selector::Kind::at && snapshot.time > selector.at) continue;
        found.push_back(at);
    }
    // What a partial one lacks is not brought back by it: it is the answer only where nothing is whole.
    const auto is_partial = [](const Moment* moment) { return moment->snapshot.partial; };
    if (!std::ranges::all_of(found, is_partial)) std::erase_if(found, is_partial);
    // The parts of one that is not of one moment may not fit.
    const auto is_skewed = [](const Moment* moment) { return moment->snapshot.skew.has_value(); };
    if (!std::ranges::all_of(found, is_skewed)) std::erase_if(found, is_skewed);
    // Numbers follow the order of beginning; the moments themselves may overtake each other.
    const auto when = [](const Moment* moment) { return std::pair(moment->snapshot.time, moment->snapshot.number); };
    if (selector.kind == Selector::Kind::at) std::ranges::sort(found, std::greater(), when);
    return found;
}

Error Search::nothing_found(const Selector& selector) const {
    if (filter_.is_narrow()) {
        return fail(ErrorCode::not_found, "no backup of that kind, operation or tag that is neither forgotten nor damaged")
            .with_advice("holdfast list with the same --kind, --operation, --tag; holdfast list shows what there is");
    }
    if (list_.moments.empty() && !filter_.is_any()) return no_such_source(repository_, filter_);
    if (list_.moments.empty()) {
        return fail(ErrorCode::not_found, "no backup here yet").with_advice("holdfast backup DATABASE");
    }
    const std::uint64_t first = list_.moments.front().snapshot.number.value;
    const std::uint64_t last = list_.moments.back().snapshot.number.value;
    const std::string range = first == last ? format("#{} is there", first) : format("#{} to #{} are there", first, last);
    switch (selector.kind) {
        case Selector::Kind::last_good:
            return fail(ErrorCode::not_found, "no backup has passed verification at level opened ({})", range)
                .with_advice("holdfast verify --all, which looks at the older ones, too, where the newest holds the damage; then the same again");
        case Selector::Kind::at:
            return fail(ErrorCode::not_found, "no backup is as old as {}: the oldest is of {}", to_rfc3339(selector.at),
                        to_rfc3339(list_.moments.front().snapshot.time))
                .with_advice("a later time; holdfast list shows them");
        default:
            return fail(ErrorCode::not_found, "no backup {} back that is neither forgotten, damaged nor a safety backup ({})",
                        selector.back, range)
                .with_advice("holdfast list --forgotten, then give the number");
    }
}

// "": it was not meant, or does not stand before what was chosen.
std::string Search::passed_over_because(const Moment& newer, const Moment& chosen) const {
    if (newer.snapshot.damaged) return "its source was damaged";
    if (newer.is_bad()) return "verification found damage";
    const bool is_in_question = is_visible(newer, filter_) && !lacks_wanted_database(newer.snapshot, filter_);
    if (newer.snapshot.partial && !chosen.snapshot.partial && is_in_question) return "it is partial: " + missing_in(newer.snapshot);
    if (newer.snapshot.skew && chosen.snapshot.is_whole() && is_in_question) return "it is not of one moment: " + printable(newer.snapshot.skew->why);
    return "";
}

std::vector<std::string> Search::warnings_for(const Moment& chosen, const Selector& selector) const {
    std::vector<std::string> warnings;
    const auto& snapshot = chosen.snapshot;
    for (const auto& [number, why] : list_.damaged) {
        if (number < snapshot.number) continue;
        warnings.push_back(format("backup #{} is newer and cannot be read: {}", number.value, why.message()));
    }
    for (const auto& moment : list_.moments) {
        if (moment.snapshot.number <= snapshot.number || moment.notes.forgotten) continue;
        if (selector.kind == Selector::Kind::at && moment.snapshot.time > selector.at) continue;
        if (is_adopted(moment.snapshot) && moment.snapshot.time <= snapshot.time) continue;
        const std::string why = passed_over_because(moment, chosen);
        if (!why.empty()) warnings.push_back(format("backup #{} is newer and was passed over: {}", moment.snapshot.number.value, why));
    }
    std::ranges::move(warnings_of(snapshot), std::back_inserter(warnings));
    return warnings;
}

Result<Choice> Search::newest(const Selector& selector) const {
    TRY(expect_one_source());
    const auto found = candidates(selector);
    const std::uint64_t back = selector.kind == Selector::Kind::latest ? selector.back : 0;
    if (back >= found.size()) return nothing_found(selector);
    const Moment& chosen = *found[back];
    return choice_of(chosen, warnings_for(chosen, selector));
}

Result<Choice> by_number(const repository::Repository& repository, SnapshotNumber number, const Filter& filter) {
    auto moment = Moment::of(TRY(repository.snapshot(number)), TRY(repository.notes()));
    if (!matches(moment.snapshot.source, filter)) {
        return fail(ErrorCode::not_found, "backup #{} is of the source {}", number.value, title_of(moment.snapshot.source));
    }
    auto warnings = warnings_of(moment.snapshot);
    return Choice{.moment = std::move(moment), .warnings = std::move(warnings)};
}

}  // namespace

Result<Choice> select_moment(const repository::Repository& repository, const Selector& selector, const Filter& filter) {
    if (selector.kind == Selector::Kind::number) return by_number(repository, selector.number, filter);
    Filter with_forgotten = filter;
    with_forgotten.with_forgotten = true;
    const Search search(repository, TRY(list_moments(repository, with_forgotten)), filter);
    if (selector.kind == Selector::Kind::id_prefix) return search.by_id(selector.id_prefix);
    return search.newest(selector);
}

}  // namespace holdfast::history
