// Session: one backup being written, from the claim of its number to the commit (docs/formats/repository.md, 11).
#pragma once

#include <memory>
#include <set>

#include "holdfast/repository/content_writer.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

class Repository;

// One thread commits; ContentWriters use the pool. Destroyed without commit: the claim is given up, what was put
// stays as garbage for prune. After a crash the claim is left; prune sees that its owner is gone.
class Session {
public:
    ~Session();
    SnapshotNumber number() const;

    Result<ContentWriter> keep(KeepRequest request);

    // Puts packs and index, checks that all reused packs exist, then commits. number, id and previous are filled in
    // and the result returned. After success it survives a power cut. `busy`: the number was voided by a prune while
    // this session slept; nothing is lost, begin again.
    Result<Snapshot> commit(Snapshot draft);

    std::uint64_t bytes_stored() const;  // of everything put so far, snapshot included after commit

private:
    friend class Repository;
    friend class ContentWriter;
    struct State;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository
