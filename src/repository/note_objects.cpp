#include "holdfast/repository/note_objects.h"

#include <charconv>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

// Notes of one kind replace each other; forgotten and recalled are one kind, held and unheld another.
NoteType kind_of(NoteType note) {
    switch (note) {
        case NoteType::recalled: return NoteType::forgotten;
        case NoteType::unheld: return NoteType::held;
        default: return note;
    }
}

bool is_known(NoteType note) { return note >= NoteType::forgotten && note <= NoteType::took_place; }

std::optional<std::uint64_t> parse_positive(std::string_view digits) {
    if (!is_all_digits(digits) || digits.front() == '0' || digits.size() > 15) return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace

void add_to(NoteSummary& summary, const Note& note) {
    ++summary.count;
    if (!note.audit_head.empty()) summary.audit_heads.push_back(note.audit_head);
    switch (note.type) {
        case NoteType::forgotten:
            summary.forgotten = true;
            summary.forgotten_at = note.time;
            break;
        case NoteType::recalled: summary.forgotten = false; break;
        case NoteType::seen: summary.last_seen = note.time; break;
        case NoteType::verified: summary.verified = note; break;
        case NoteType::plain_sha256: summary.plain_sha256 = note.hash; break;
        case NoteType::held: summary.held = note; break;
        case NoteType::unheld: summary.held.reset(); break;
        case NoteType::annotated: summary.annotated = note; break;
        case NoteType::drilled: summary.drilled = note; break;
        case NoteType::undone: summary.undone = true; break;
        case NoteType::took_place: summary.took_place = true; break;
        case NoteType::expected: summary.expected = note; break;
        case NoteType::accepted: summary.accepted = true; break;
    }
}

std::vector<bool> replaced(const std::vector<Note>& notes) {
    std::vector<bool> is_replaced(notes.size());
    std::set<NoteType> later;
    for (std::size_t i = notes.size(); i-- > 0;) {
        if (is_known(notes[i].type)) is_replaced[i] = !later.insert(kind_of(notes[i].type)).second;
    }
    return is_replaced;
}

store::ObjectName name_of(const NoteName& note) {
    return store::ObjectName(format("notes/{}.{}", note.number.value, note.sequence).c_str());
}

std::optional<NoteName> parse_note_name(const store::ObjectName& name) {
    const std::string_view text = std::string_view(name.text()).substr(name.text().rfind('/') + 1);
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto number = parse_positive(text.substr(0, dot)), sequence = parse_positive(text.substr(dot + 1));
    if (!number || !sequence) return std::nullopt;
    return NoteName{.number = {*number}, .sequence = *sequence};
}

}  // namespace holdfast::repository
