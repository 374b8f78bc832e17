// Notes of a repository: read all together, written one by one.
#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/note_objects.h"
#include "holdfast/repository/repository.h"

namespace holdfast::repository {

namespace {

constexpr int attempts_max = 1000;  // each failure means that somebody else wrote a note
constexpr std::size_t notes_per_task = 64;

struct Batch {
    std::span<const NoteName> names;
    std::vector<Result<Note>> notes;
};

Result<Note> read_note(store::ObjectStore& store, const Keys& keys, const NoteName& name) {
    return decode_note(TRY(get_record(store, name_of(name), ObjectType::note, &keys)));
}

Result<std::vector<NoteName>> list_notes(store::ObjectStore& store) {
    std::vector<NoteName> names;
    for (const auto& object : TRY(store.names_in("notes"))) {
        if (const auto name = parse_note_name(object)) names.push_back(*name);
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace

Result<NotesRead> Repository::notes() const {
    const auto names = TRY(list_notes(store()));
    NotesRead read;
    std::span<const NoteName> rest = names;
    const auto make = [&](Batch& batch) -> Result<bool> {
        batch.names = rest.first(std::min(rest.size(), notes_per_task));
        batch.notes.clear();
        rest = rest.subspan(batch.names.size());
        return !batch.names.empty();
    };
    const auto work = [&](Batch& batch) -> Result<void> {
        for (const auto& name : batch.names) batch.notes.push_back(read_note(store(), keys(), name));
        return {};
    };
    const auto take = [&](Batch& batch) -> Result<void> {
        for (std::size_t i = 0; i < batch.names.size(); ++i) {
            const auto& note = batch.notes[i];
            if (note) add_to(read.of[batch.names[i].number], *note);
            else if (note.error().code() != ErrorCode::not_found) read.damage.push_back(note.error().copy());
        }
        return {};
    };
    if (options().pool != nullptr && names.size() > notes_per_task) {
        TRY(host::OrderedPipeline<Batch>::run(*options().pool, 2 * options().pool->size() + 1, {make, work, take}));
        return read;
    }
    Batch batch;
    while (TRY(make(batch))) {
        TRY(work(batch));
        TRY(take(batch));
    }
    return read;
}

Result<void> Repository::add_note(SnapshotNumber number, const Note& note) {
    NoteName name{.number = number, .sequence = 1};
    for (const auto& other : TRY(list_notes(store()))) {
        if (other.number == number) name.sequence = std::max(name.sequence, other.sequence + 1);
    }
    const Bytes record = TRY(encode_note(note));
    for (int attempt = 1; attempt <= attempts_max; ++attempt, ++name.sequence) {
        const auto object = name_of(name);
        auto put = put_with_reserve(object, TRY(seal_envelope({ObjectType::note, record}, object, &keys(), host().random)));
        if (put || put.error().code() != ErrorCode::exists) return put;
    }
    return fail(ErrorCode::busy, "write a note on backup #{}: others keep writing them", number.value);
}

}  // namespace holdfast::repository
