#include "holdfast/repository/notes.h"

#include <charconv>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

enum Tag : std::uint32_t { type = 1, time = 3, text = 2, value = 4, bad = 6, hash = 8 };

// Notes of one kind replace each other; forgotten and recalled are one kind, held and unheld another.
NoteType kind_of(NoteType note) {
    switch (note) {
        case NoteType::recalled: return NoteType::forgotten;
        case NoteType::unheld: return NoteType::held;
        default: return note;
    }
}

bool is_known(NoteType note) { return note >= NoteType::forgotten && note <= NoteType::drilled; }

std::optional<std::uint64_t> parse_positive(std::string_view digits) {
    if (!is_all_digits(digits) || digits.front() == '0' || digits.size() > 15) return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace

Bytes encode_note(const Note& note) {
    RecordWriter record;
    record.number(Tag::type, static_cast<std::uint16_t>(note.type));
    if (!note.text.empty()) record.text(Tag::text, note.text);
    record.number(Tag::time, static_cast<std::uint64_t>(note.time.nanoseconds));
    if (note.value != 0) record.number(Tag::value, note.value);
    if (!note.good) record.number(Tag::bad, 1);
    if (note.hash) record.bytes(Tag::hash, note.hash->view());
    return std::move(record).take();
}

Result<Note> decode_note(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "note"));
    Note note;
    const auto number = TRY(record.number(Tag::type));
    if (number > UINT16_MAX) return fail(ErrorCode::corrupt, "read note: type {}", number);
    note.type = static_cast<NoteType>(number);
    note.text = TRY(record.text_or_empty(Tag::text));
    note.time = {static_cast<std::int64_t>(TRY(record.number(Tag::time)))};
    note.value = TRY(record.number_or(Tag::value, 0));
    note.good = TRY(record.number_or(Tag::bad, 0)) == 0;
    if (const auto proof = record.bytes_if(Tag::hash)) note.hash = TRY(Hash::from_bytes(*proof));
    TRY(record.finish());
    return note;
}

void add_to(NoteSummary& summary, const Note& note) {
    ++summary.count;
    switch (note.type) {
        case NoteType::forgotten:
            summary.forgotten = true;
            summary.forgotten_at = note.time;
            break;
        case NoteType::recalled: summary.forgotten = false; break;
        case NoteType::seen: summary.last_seen = note.time; break;
        case NoteType::verified: summary.verified = note; break;
        case NoteType::plain_sha256: summary.plain_sha256 = note.hash; break;
        default: break;
    }
}

std::vector<bool> superseded(const std::vector<Note>& notes) {
    std::vector<bool> is_superseded(notes.size());
    std::set<NoteType> later;
    for (std::size_t i = notes.size(); i-- > 0;) {
        if (is_known(notes[i].type)) is_superseded[i] = !later.insert(kind_of(notes[i].type)).second;
    }
    return is_superseded;
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
