#include "holdfast/repository/notes.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

TEST(Notes, EveryFieldComesBack) {
    EXPECT_TRUE(rc::check([](const std::string& text, std::uint64_t value, std::int64_t time, bool good) {
        const auto type = *rc::gen::inRange(1, 65536);
        const bool has_hash = *rc::gen::arbitrary<bool>();
        const Note note{.type = static_cast<NoteType>(type),
                        .time = {time},
                        .text = text,
                        .value = value,
                        .good = good,
                        .hash = has_hash ? std::optional(sha256(bytes_of(text))) : std::nullopt,
                        .tags = {"archive", "a=" + text},
                        .audit_head = "0f3a:1:2b"};
        const Note read = must(decode_note(must(encode_note(note))));
        RC_ASSERT(read.type == note.type);
        RC_ASSERT(read.time == note.time);
        RC_ASSERT(read.text == note.text);
        RC_ASSERT(read.value == note.value);
        RC_ASSERT(read.good == note.good);
        RC_ASSERT(read.hash == note.hash);
        RC_ASSERT(read.tags == note.tags);
        RC_ASSERT(read.audit_head == note.audit_head);
    }));
}

TEST(Notes, TooLongOnesAreNotWritten) {
    Note note;
    note.text.assign(limits::comment_size_max + 1, 'x');
    EXPECT_THAT(encode_note(note), FailsWith(ErrorCode::invalid));
    note.text.clear();
    note.tags.assign(limits::tags_max + 1, "a");
    EXPECT_THAT(encode_note(note), FailsWith(ErrorCode::invalid));
}

TEST(Notes, MalformedOnesAreDamagedAndCriticalFieldsTooNew) {
    const Bytes good = must(encode_note({.type = NoteType::seen, .time = {5}, .text = "who", .value = 3, .good = false, .hash = sha256({})}));
    for (std::size_t size = 0; size < good.size(); ++size) (void)decode_note(ByteView(good).first(size));
    EXPECT_THAT(decode_note({}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(decode_note(ByteView(good).first(3)), FailsWith(ErrorCode::corrupt));
    for (const std::uint64_t type : {std::uint64_t{0}, std::uint64_t{65536}}) {
        RecordWriter record;
        record.number(1, type);
        record.number(3, 1);
        EXPECT_THAT(decode_note(std::move(record).take()), FailsWith(ErrorCode::corrupt));
    }
    RecordWriter critical, extra;
    for (auto* record : {&critical, &extra}) {
        record->number(1, 3);
        record->number(3, 1);
    }
    critical.number(5, 1);
    extra.number(10, 1);
    EXPECT_THAT(decode_note(std::move(critical).take()), FailsWith(ErrorCode::too_new));
    EXPECT_THAT(decode_note(std::move(extra).take()), Succeeds());
}

}  // namespace
}  // namespace holdfast::repository
