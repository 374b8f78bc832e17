#include "holdfast/repository/note_folding.h"

#include <algorithm>

#include "holdfast/repository/envelope.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/note_objects.h"

namespace holdfast::repository {

namespace {

// The notes of one snapshot, in order.
Result<void> fold(const Repository& repository, const std::vector<NoteName>& names, std::vector<store::ObjectName>& removed) {
    std::vector<Note> notes;
    std::vector<NoteName> read;
    for (const auto& name : names) {
        const auto record = get_record(repository.store(), name_of(name), ObjectType::note, &repository.keys());
        auto note = record ? decode_note(*record) : Result<Note>(record.error().copy());
        if (!note && note.error().code() != ErrorCode::corrupt && note.error().code() != ErrorCode::not_found) {
            return std::move(note).error();
        }
        if (!note) continue;
        notes.push_back(*std::move(note));
        read.push_back(name);
    }
    const auto gone = replaced(notes);
    for (std::size_t i = 0; i < read.size(); ++i) {
        if (gone[i]) removed.push_back(name_of(read[i]));
    }
    return {};
}

}  // namespace

Result<void> fold_notes(const Repository& repository) {
    auto& store = repository.store();
    const Gaps gaps = TRY(read_gaps(store, repository.keys()));
    std::map<SnapshotNumber, std::vector<NoteName>> notes;
    std::vector<store::ObjectName> removed;
    for (const auto& object : TRY(store.names_in("notes"))) {
        const auto name = parse_note_name(object);
        if (!name) continue;
        if (gaps.numbers.contains(name->number)) removed.push_back(object);
        else notes[name->number].push_back(*name);
    }
    for (auto& [number, names] : notes) {
        std::ranges::sort(names);
        if (names.size() > 1) TRY(fold(repository, names, removed));
    }
    return store.remove_all(removed);
}

}  // namespace holdfast::repository
