#include "holdfast/history/history.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::history {

namespace {

constexpr std::size_t id_prefix_min = 8;

// Whether the note would say what is so already.
bool is_in_state(const repository::NoteSummary& notes, repository::NoteType type) {
    switch (type) {
        case repository::NoteType::forgotten: return notes.forgotten;
        case repository::NoteType::recalled: return !notes.forgotten;
        case repository::NoteType::unheld: return !notes.held;
        default: return false;  // holding again says why anew
    }
}

Result<void> expect_markable(repository::SnapshotNumber number, const repository::NoteSummary& notes, repository::NoteType type) {
    const bool is_already = is_in_state(notes, type);
    switch (type) {
        case repository::NoteType::forgotten: return expect_forgettable(number, notes);
        case repository::NoteType::recalled:
            if (is_already) return fail(ErrorCode::invalid, "recall #{}: it is not forgotten", number.value);
            return {};
        case repository::NoteType::unheld:
            if (is_already) return fail(ErrorCode::invalid, "unhold #{}: it is not held", number.value);
            return {};
        case repository::NoteType::held:
            if (!notes.forgotten) return {};
            return fail(ErrorCode::invalid, "hold #{}: it is forgotten", number.value).with_advice(format("holdfast recall {} first", number.value));
        default: return {};
    }
}

// All are looked at before the first is written. `not_found`, with neighbours, when one does not exist; one that cannot be
// read exists.
Result<void> mark(repository::Repository& repository, Numbers numbers, const repository::Note& note) {
    const auto notes = TRY(repository.notes());
    std::vector<repository::NewNote> wanted;
    for (const auto number : numbers) {
        const auto snapshot = repository.snapshot(number);
        if (!snapshot && snapshot.error().code() != ErrorCode::corrupt) return snapshot.error().copy();
        const auto at = notes.of.find(number);
        TRY(expect_markable(number, at == notes.of.end() ? repository::NoteSummary() : at->second, note.type));
        wanted.push_back({.number = number, .note = note});
    }
    return repository.add_notes(wanted);
}

bool has_tag(const repository::Snapshot& snapshot, const std::string& wanted) {
    return std::ranges::any_of(snapshot.tags, [&](const auto& tag) { return tag.first == wanted || text_of(tag) == wanted; });
}

}  // namespace

Moment Moment::of(repository::Snapshot snapshot, const repository::NotesRead& notes) {
    Moment moment{.snapshot = std::move(snapshot), .notes = {}};
    if (const auto at = notes.of.find(moment.snapshot.number); at != notes.of.end()) moment.notes = at->second;
    if (!moment.notes.annotated) return moment;
    moment.snapshot.comment = moment.notes.annotated->text;
    moment.snapshot.tags.clear();
    for (const auto& tag : moment.notes.annotated->tags) {
        const auto equals = tag.find('=');
        const bool has_value = equals != std::string::npos;
        moment.snapshot.tags.emplace_back(tag.substr(0, equals), has_value ? tag.substr(equals + 1) : std::string());
    }
    return moment;
}

bool Moment::is_good() const {
    if (is_bad() || (notes.drilled && !notes.drilled->good)) return false;
    const bool is_opened = notes.verified && notes.verified->value >= static_cast<std::uint64_t>(repository::VerifyLevel::opened);
    return is_opened || notes.drilled;
}

bool Moment::is_bad() const { return snapshot.damaged || (notes.verified && !notes.verified->good); }

bool matches(const repository::SourceRecord& source, const Filter& filter) {
    if (filter.is_any()) return true;
    if (!filter.path.empty() && std::ranges::find(source.paths, filter.path) != source.paths.end()) return true;
    if (filter.source.empty()) return false;
    if (source.name == filter.source) return true;
    return filter.source.size() >= id_prefix_min && to_hex(source.id).starts_with(filter.source);
}

bool matches(const Moment& moment, const Filter& filter) {
    const auto& snapshot = moment.snapshot;
    if (!matches(snapshot.source, filter)) return false;
    if (moment.notes.forgotten && !filter.with_forgotten) return false;
    if (filter.held_only && !moment.notes.held) return false;
    if (!filter.kinds.empty() && std::ranges::find(filter.kinds, snapshot.kind) == filter.kinds.end()) return false;
    if (!filter.operation.empty() && snapshot.operation != filter.operation) return false;
    return std::ranges::all_of(filter.tags, [&](const std::string& wanted) { return has_tag(snapshot, wanted); });
}

std::string text_of(const std::pair<std::string, std::string>& tag) {
    return tag.second.empty() ? tag.first : tag.first + "=" + tag.second;
}

Result<MomentList> list_moments(const repository::Repository& repository, const Filter& filter) {
    auto listing = TRY(repository.list());
    auto notes = TRY(repository.notes());
    MomentList list;
    list.damaged = std::move(listing.damaged);
    list.note_damage = std::move(notes.damage);
    list.highest = listing.highest;
    for (auto& snapshot : listing.snapshots) {
        auto moment = Moment::of(std::move(snapshot), notes);
        if (matches(moment, filter)) list.moments.push_back(std::move(moment));
    }
    return list;
}

Result<void> expect_forgettable(repository::SnapshotNumber number, const repository::NoteSummary& notes) {
    if (notes.forgotten) return fail(ErrorCode::invalid, "forget #{}: it is forgotten already", number.value);
    if (!notes.held) return {};
    return fail(ErrorCode::invalid, "forget #{}: it is held{}", number.value,
                notes.held->text.empty() ? std::string() : ": " + printable(notes.held->text))
        .with_advice(format("holdfast unhold {}, when nobody needs it any more", number.value));
}

Result<void> expect_not_in_use(const repository::Repository& repository, Numbers numbers) {
    const auto in_use = TRY(repository.kept_in_use());
    for (const auto number : numbers) {
        const auto at = in_use.find(number);
        if (at == in_use.end()) continue;
        return fail(ErrorCode::busy, "forget #{}: it is in use by a {}, which may go back to it", number.value, at->second)
            .with_advice("when that has ended");
    }
    return {};
}

Result<void> forget(repository::Repository& repository, Numbers numbers, Timestamp now) {
    TRY(expect_not_in_use(repository, numbers));
    return mark(repository, numbers, {.type = repository::NoteType::forgotten, .time = now});
}

Result<void> recall(repository::Repository& repository, Numbers numbers, Timestamp now) {
    return mark(repository, numbers, {.type = repository::NoteType::recalled, .time = now});
}

Result<void> hold(repository::Repository& repository, Numbers numbers, const repository::Note& why) {
    HOLDFAST_ASSERT(why.type == repository::NoteType::held);
    return mark(repository, numbers, why);
}

Result<void> unhold(repository::Repository& repository, Numbers numbers, Timestamp now) {
    return mark(repository, numbers, {.type = repository::NoteType::unheld, .time = now});
}

Result<Forgotten> forgotten_snapshots(const repository::Repository& repository, Timestamp now, std::int64_t grace_s) {
    const auto notes = TRY(repository.notes());
    const auto numbers = TRY(repository.numbers());
    const std::set<repository::SnapshotNumber> present(numbers.begin(), numbers.end());
    Forgotten forgotten;
    for (const auto& [number, summary] : notes.of) {
        if (!summary.forgotten || !present.contains(number)) continue;
        const std::int64_t age_ns = now.nanoseconds - summary.forgotten_at.nanoseconds;
        const bool is_ripe = !summary.held && age_ns >= 0 && age_ns / nanoseconds_per_second >= grace_s;
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
