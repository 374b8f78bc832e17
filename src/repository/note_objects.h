// Notes as objects: their names, what they add up to, and which of them say nothing any more.
#pragma once

#include "holdfast/repository/notes.h"

namespace holdfast::repository {

// The name notes/N.K, and back.
struct NoteName {
    SnapshotNumber number;
    std::uint64_t sequence = 0;
    auto operator<=>(const NoteName&) const = default;
};
store::ObjectName name_of(const NoteName& note);
std::optional<NoteName> parse_note_name(const store::ObjectName& name);

// Takes the next note of a snapshot (in order of K) into account.
void add_to(NoteSummary& summary, const Note& note);
// Which notes of one snapshot (in order of K) a later one of their kind has replaced. Those of unknown types stay.
std::vector<bool> replaced(const std::vector<Note>& notes);

}  // namespace holdfast::repository
