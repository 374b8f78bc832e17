// Session: one backup being written, from the claim of its number to the commit (docs/formats/repository.md, 11).
#pragma once

#include <memory>
#include <set>

#include "holdfast/repository/content_writer.h"
#include "holdfast/repository/folder_writer.h"
#include "holdfast/repository/snapshot.h"
#include "holdfast/repository/variable_writer.h"

namespace holdfast::repository {

class Repository;
struct Ledger;

// One thread uses it; ContentWriters use the pool. Destroyed without commit: the number becomes void, what was put stays
// as garbage for prune. After a crash the claim is left; prune sees that its owner is gone.
class Session {
public:
    ~Session();
    SnapshotNumber number() const;

    // Members of that snapshot may be taken over as they are, and be the parents of new ones: nothing they need will be
    // removed while this session lives. not_found: it has been dropped; damaged ones are their own error.
    Result<void> lean_on(SnapshotNumber number);

    // A parent that has been dropped meanwhile, or whose tree cannot be read, is done without (a warning).
    Result<ContentWriter> keep(KeepRequest request);
    // A file that shifts, larger than an extent (`invalid` otherwise); one look, and what it has seen is remembered.
    Result<KeptVariable> keep_variable(VariableRequest request, const ByteSource& source, const Watch& watch);
    // The same for the many files of a companion.
    Result<std::unique_ptr<FolderWriter>> keep_folder(FolderRequest request);

    // Puts packs and index, checks that all reused packs exist, then commits. number, id, previous, unfinished and
    // statistics.bytes_stored are filled in and the result returned. Every member's content was kept by this session, or
    // belongs to a snapshot it leans on (`invalid` otherwise). After success it survives a power cut. `busy`: the number
    // was voided by a prune while this session slept; nothing is lost, begin again.
    Result<Snapshot> commit(Snapshot draft);

    std::uint64_t bytes_stored() const;  // of everything put so far, snapshot included after commit

    struct State;  // for writers in this room

private:
    friend class Repository;
    explicit Session(std::unique_ptr<State> state);
    Result<void> prepare(const Ledger& ledger);
    // None afterwards, and a warning, where it cannot be used; `invalid`: it belongs to no snapshot that is leaned on.
    Result<void> use_before(std::optional<Before>& before, std::vector<std::string>& warnings);
    void finish_for_the_dead(const Ledger& ledger) const;
    Result<void> put_name(const store::ObjectName& name, ByteView sealed);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository
