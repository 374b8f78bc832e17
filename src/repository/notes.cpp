#include "holdfast/repository/notes.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

namespace tag {
constexpr std::uint32_t type = 1, text = 2, time = 3, value = 4, bad = 6, hash = 8, snapshot_tag = 10, audit_head = 12;
}

}  // namespace

Result<Bytes> encode_note(const Note& note) {
    if (note.text.size() > limits::comment_size_max) return fail(ErrorCode::invalid, "write note: its text is too long");
    if (note.audit_head.size() > limits::operation_size_max || note.tags.size() > limits::tags_max) {
        return fail(ErrorCode::invalid, "write note: it has too many tags, or too long a head of the audit log");
    }
    RecordWriter record;
    record.number(tag::type, static_cast<std::uint64_t>(note.type));
    if (!note.text.empty()) record.text(tag::text, note.text);
    record.number(tag::time, static_cast<std::uint64_t>(note.time.nanoseconds));
    if (note.value != 0) record.number(tag::value, note.value);
    if (!note.good) record.number(tag::bad, 1);
    if (note.hash) record.bytes(tag::hash, note.hash->view());
    for (const auto& one : note.tags) record.text(tag::snapshot_tag, one);
    if (!note.audit_head.empty()) record.text(tag::audit_head, note.audit_head);
    return std::move(record).take();
}

Result<Note> decode_note(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "note"));
    const std::uint64_t type = TRY(record.number(tag::type));
    if (type == 0 || type > UINT16_MAX) return fail(ErrorCode::corrupt, "read note: {} is no type of one", type);
    Note note;
    note.type = static_cast<NoteType>(type);
    note.text = TRY(record.text_or_empty(tag::text));
    note.value = TRY(record.number_or(tag::value, 0));
    note.good = TRY(record.number_or(tag::bad, 0)) == 0;
    note.audit_head = TRY(record.text_or_empty(tag::audit_head));
    note.time.nanoseconds = static_cast<std::int64_t>(TRY(record.number(tag::time)));
    if (const auto hash = record.bytes_if(tag::hash)) note.hash = TRY(Hash::from_bytes(*hash));
    for (const ByteView bytes_of_tag : record.all(tag::snapshot_tag)) note.tags.emplace_back(text_of(bytes_of_tag));
    if (note.tags.size() > limits::tags_max) return fail(ErrorCode::corrupt, "read note: it has too many tags");
    TRY(record.finish());
    return note;
}

}  // namespace holdfast::repository
