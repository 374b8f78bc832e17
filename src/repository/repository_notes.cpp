// Notes of a repository: read all together, written one by one.
#include <algorithm>
#include <map>
#include <mutex>

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

struct Writing {
    NoteName name;
    Bytes record;
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
    const NewNote one{.number = number, .note = note};
    return add_notes({&one, 1});
}

// A note costs two waits for the disk and nothing else, and disks answer many waits at once.
Result<void> Repository::add_notes(std::span<const NewNote> notes) {
    constexpr std::size_t waits_at_once = 32;
    std::map<SnapshotNumber, std::uint64_t> last;
    for (const auto& name : TRY(list_notes(store()))) last[name.number] = std::max(last[name.number], name.sequence);
    std::vector<Writing> all;
    for (const auto& one : notes) {
        all.push_back({.name = {.number = one.number, .sequence = ++last[one.number]}, .record = {}});
        Note note = one.note;
        if (note.audit_head.empty()) note.audit_head = options().audit_head;
        all.back().record = TRY(encode_note(note));
    }
    std::mutex reserve;
    const auto write = [&](Writing& writing) -> Result<void> {
        for (int attempt = 1; attempt <= attempts_max; ++attempt, ++writing.name.sequence) {
            const auto object = name_of(writing.name);
            const Bytes sealed = TRY(seal_envelope({ObjectType::note, writing.record}, object, &keys(), host().random));
            auto put = store().put_if_absent(object, sealed);
            if (!put && put.error().code() == ErrorCode::full) {
                const std::lock_guard lock(reserve);  // it has room for one at a time
                put = put_with_reserve(object, sealed);
            }
            if (put || put.error().code() != ErrorCode::exists) return put;
        }
        return fail(ErrorCode::busy, "write a note on backup #{}: others keep writing them", writing.name.number.value);
    };
    if (all.empty()) return {};
    if (all.size() == 1) return write(all.front());
    host::WorkerPool waiting({.threads = static_cast<unsigned>(std::clamp<std::size_t>(all.size(), 1, waits_at_once))});
    std::size_t next = 0;
    const auto make = [&](Writing& writing) -> Result<bool> {
        if (next == all.size()) return false;
        writing = std::move(all[next++]);
        return true;
    };
    const auto take = [](Writing&) -> Result<void> { return {}; };
    return host::OrderedPipeline<Writing>::run(waiting, 2 * waiting.size(), {make, write, take});
}

}  // namespace holdfast::repository
