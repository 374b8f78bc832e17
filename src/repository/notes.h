// Notes: later facts about snapshots, each its own object, numbered by create-if-absent; the last of a type wins.
#pragma once

#include <map>
#include <string>

#include "holdfast/base/time.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

// Unknown types are kept and ignored.
enum class NoteType : std::uint16_t {
    forgotten = 1, recalled = 2, seen = 3, verified = 4, plain_sha256 = 5, held = 6, unheld = 7, annotated = 8, drilled = 9,
    undone = 10,  // of a safety backup: the restore that it was made before has been undone, or has replaced nothing
    expected = 11,  // whether what the settings expect held in it when it was last looked at, and what had been lost
    accepted = 12,  // a person takes what it has lost for right
    took_place = 13,  // of a safety backup: the restore that it was made before has replaced what it holds
};
enum class VerifyLevel : std::uint8_t { listed = 1, hashed = 2, opened = 3 };

struct Note {
    NoteType type = NoteType::seen;
    Timestamp time;
    std::string text = {};       // annotated: the comment; verified, drilled: findings; held: why; expected: a line for each tag
    std::uint64_t value = 0;     // verified: level; drilled: how long the restore took, ms
    bool good = true;            // verified, drilled, expected
    std::optional<Hash> hash = {};  // plain_sha256; expected: of what was asked, none where only losses were looked for
    std::vector<std::string> tags = {};  // annotated: all of them, "key=value"; expected: what does not hold
    std::string audit_head = {};  // of the writer's audit log before this; empty: it kept none
};
// A note's record (type 6). A note of an unknown type decodes as well, with what it has of these fields.
Result<Bytes> encode_note(const Note& note);
Result<Note> decode_note(ByteView record);

// A note to be written on a snapshot.
struct NewNote {
    SnapshotNumber number;
    Note note;
};

// What the notes of one snapshot add up to.
struct NoteSummary {
    bool forgotten = false;
    Timestamp forgotten_at;
    std::optional<Timestamp> last_seen;
    std::optional<Note> verified;      // the newest
    std::optional<Hash> plain_sha256;
    std::optional<Note> held;          // none: it is not, or no longer
    std::optional<Note> annotated;     // comment and tags in place of the snapshot's own
    std::optional<Note> drilled;       // the newest
    bool undone = false;
    bool took_place = false;
    std::optional<Note> expected;      // the newest
    bool accepted = false;
    std::vector<std::string> audit_heads;  // of all notes that have one
    std::uint64_t count = 0;
};
// Unknown or damaged notes are counted in damage, not fatal.
struct NotesRead {
    std::map<SnapshotNumber, NoteSummary> of;
    std::vector<Error> damage;
};

}  // namespace holdfast::repository
