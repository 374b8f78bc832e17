#include "holdfast/history/history.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::history {

namespace {

constexpr std::size_t id_prefix_min = 8;

// All are looked at before the first is written. `not_found`, with neighbours, when one does not exist; one that cannot be
// read exists.
Result<void> mark(repository::Repository& repository, Numbers numbers, const repository::Note& note) {
    const bool forget = note.type == repository::NoteType::forgotten;
    const auto notes = TRY(repository.notes());
    std::vector<repository::NewNote> wanted;
    for (const auto number : numbers) {
        const auto snapshot = repository.snapshot(number);
        if (!snapshot && snapshot.error().code() != ErrorCode::corrupt) return snapshot.error().copy();
        const auto at = notes.of.find(number);
        const bool is_forgotten = at != notes.of.end() && at->second.forgotten;
        if (is_forgotten && forget) return fail(ErrorCode::invalid, "forget #{}: it is forgotten already", number.value);
        if (!is_forgotten && !forget) return fail(ErrorCode::invalid, "recall #{}: it is not forgotten", number.value);
        wanted.push_back({.number = number, .note = note});
    }
    return repository.add_notes(wanted);
}

}  // namespace

bool Moment::is_good() const {
    return !snapshot.damaged && notes.verified && notes.verified->good &&
           notes.verified->value >= static_cast<std::uint64_t>(repository::VerifyLevel::opened);
}

bool Moment::is_bad() const { return snapshot.damaged || (notes.verified && !notes.verified->good); }

bool matches(const repository::SourceRecord& source, const Filter& filter) {
    if (filter.is_any()) return true;
    if (!filter.path.empty() && std::ranges::find(source.paths, filter.path) != source.paths.end()) return true;
    if (filter.source.empty()) return false;
    if (source.name == filter.source) return true;
    return filter.source.size() >= id_prefix_min && to_hex(source.id).starts_with(filter.source);
}

Result<MomentList> list_moments(const repository::Repository& repository, const Filter& filter) {
    auto listing = TRY(repository.list());
    auto notes = TRY(repository.notes());
    MomentList list;
    list.damaged = std::move(listing.damaged);
    list.note_damage = std::move(notes.damage);
    list.highest = listing.highest;
    for (auto& snapshot : listing.snapshots) {
        if (!matches(snapshot.source, filter)) continue;
        Moment moment{.snapshot = std::move(snapshot), .notes = {}};
        if (const auto at = notes.of.find(moment.snapshot.number); at != notes.of.end()) moment.notes = at->second;
        if (moment.notes.forgotten && !filter.with_forgotten) continue;
        list.moments.push_back(std::move(moment));
    }
    return list;
}

Result<void> forget(repository::Repository& repository, Numbers numbers, Timestamp now) {
    return mark(repository, numbers, {.type = repository::NoteType::forgotten, .time = now});
}

Result<void> recall(repository::Repository& repository, Numbers numbers, Timestamp now) {
    return mark(repository, numbers, {.type = repository::NoteType::recalled, .time = now});
}

Result<Forgotten> forgotten_snapshots(const repository::Repository& repository, Timestamp now, std::int64_t grace_s) {
    const auto notes = TRY(repository.notes());
    const auto numbers = TRY(repository.numbers());
    const std::set<repository::SnapshotNumber> present(numbers.begin(), numbers.end());
    Forgotten forgotten;
    for (const auto& [number, summary] : notes.of) {
        if (!summary.forgotten || !present.contains(number)) continue;
        const std::int64_t age_ns = now.nanoseconds - summary.forgotten_at.nanoseconds;
        const bool is_ripe = age_ns >= 0 && age_ns / nanoseconds_per_second >= grace_s;
        (is_ripe ? forgotten.ripe : forgotten.in_grace).push_back(number);
    }
    if (!forgotten.ripe.empty() && !notes.damage.empty()) {
        return notes.damage.front()
            .copy()
            .with_code(ErrorCode::corrupt)
            .while_doing("find forgotten backups: a note cannot be read, which may recall one of them")
            .with_advice("holdfast verify --all names the damaged object");
    }
    return forgotten;
}

}  // namespace holdfast::history
