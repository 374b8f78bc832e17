#include "holdfast/operations/losses.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"

namespace holdfast::operations {

namespace {

using repository::Snapshot;

constexpr std::string_view query_mark = "query";
constexpr std::size_t things_max = 100, words_max = 400;

const repository::NoteSummary* notes_of(const repository::NotesRead& notes, repository::SnapshotNumber number) {
    const auto at = notes.of.find(number);
    return at == notes.of.end() ? nullptr : &at->second;
}

bool has_lost(const repository::NoteSummary* notes, const std::string& thing) {
    if (notes == nullptr || !notes->expected || notes->expected->good || notes->accepted) return false;
    return std::ranges::find(notes->expected->tags, thing) != notes->expected->tags.end();
}

bool has_content(const Snapshot& snapshot) { return repository::is_ordinary(snapshot.kind) && !snapshot.damaged; }

}  // namespace

std::string rows_of_table(const std::string& member, const std::string& table) { return format("rows={}\n{}", table, member); }
std::string content_of(const std::string& member) { return "content=" + member; }
std::string accepting_command(repository::SnapshotNumber number) { return format("holdfast annotate {} --accept-loss", number.value); }

Result<EarlierBackups> EarlierBackups::of(const repository::Repository& repository, const Snapshot& now) {
    return EarlierBackups(repository, now, TRY(repository.notes()));
}

Result<std::optional<Snapshot>> EarlierBackups::newest_without(const std::string& thing) const {
    return repository_->newest([&](const Snapshot& snapshot) {
        const bool is_earlier = snapshot.number < number_ && snapshot.source.id == source_ && has_content(snapshot);
        return is_earlier && !has_lost(notes_of(notes_, snapshot.number), thing);
    });
}

Result<Baseline> EarlierBackups::baseline(const std::string& thing) const {
    Baseline found;
    const auto* own = notes_of(notes_, number_);
    if (own != nullptr && own->accepted) return found;
    found.snapshot = TRY(newest_without(thing));
    if (found.snapshot) return found;
    const auto before = TRY(repository_->newest([&](const Snapshot& snapshot) {
        return snapshot.number < number_ && snapshot.source.id == source_ && has_content(snapshot);
    }));
    found.is_gone = before && has_lost(notes_of(notes_, before->number), thing);
    return found;
}

std::vector<UnmetThing> unmet_among(std::span<const ExpectationResult> results) {
    std::vector<UnmetThing> unmet;
    for (const auto& result : results) {
        if (!result.met) unmet.push_back({.what = result.what, .why = result.why, .lost = result.lost});
    }
    return unmet;
}

// One line of the text for each tag, in the same order.
Result<void> note_expected(Context& context, repository::Repository& repository, repository::SnapshotNumber number, const ExpectedNote& told) {
    repository::Note note{.type = repository::NoteType::expected, .time = context.host.clock.now()};
    note.good = told.unmet.empty();
    note.hash = told.asked;
    for (const auto& one : told.unmet.first(std::min(told.unmet.size(), things_max))) {
        note.tags.push_back(one.lost.empty() ? std::string(query_mark) : one.lost);
        note.text += printable(format("{}; {}", one.what.substr(0, words_max), one.why.substr(0, words_max))) + "\n";
    }
    return repository.add_note(number, note);
}

std::vector<std::string> unmet_by_notes(const repository::NoteSummary& notes) {
    std::vector<std::string> unmet;
    if (!notes.expected || notes.expected->good) return unmet;
    const auto lines = split(notes.expected->text, '\n');
    for (std::size_t i = 0; i < notes.expected->tags.size(); ++i) {
        const bool is_query = notes.expected->tags[i] == query_mark;
        if (!is_query && notes.accepted) continue;
        unmet.push_back(i < lines.size() ? std::string(lines[i]) : "something that is expected does not hold");
    }
    return unmet;
}

bool has_loss(const repository::NoteSummary& notes) {
    if (!notes.expected || notes.expected->good) return false;
    return std::ranges::any_of(notes.expected->tags, [](const auto& tag) { return tag != query_mark; });
}

}  // namespace holdfast::operations
