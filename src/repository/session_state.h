// What a Session holds; its ContentWriters work on it too.
#pragma once

#include <unordered_set>

#include "holdfast/repository/ledger.h"
#include "holdfast/repository/packer.h"
#include "holdfast/repository/repository.h"

namespace holdfast::repository {

constexpr int default_compression_level = 2;

struct Session::State {
    State(Repository& in, SnapshotNumber claimed) : repository(in), number(claimed) {}

    // Which number this is, and what others had done when it was claimed.
    Repository& repository;
    const SnapshotNumber number;
    Repository::Trust trust = Repository::Trust::what_is_there;
    Gaps gaps;  // read after the claim: every later prune waits for this session
    std::vector<SnapshotNumber> unfinished;
    std::optional<std::pair<SnapshotNumber, SnapshotId>> previous;

    // What it may lean on, and where its own chunks go; there once the condemned lists have been read.
    std::unique_ptr<Reuse> reuse;
    std::unique_ptr<Packer> packer;
    std::unordered_set<ChunkId, NameHasher> roots;  // contents that the snapshot may name
    std::uint64_t bytes_beside_packs = 0;           // index tables, dictionaries, the snapshot

    bool is_claimed = false;
    bool is_committed = false;

    store::ObjectStore& store() const { return repository.store(); }
    const Keys& keys() const { return repository.keys(); }
    host::Random& random() const { return repository.host().random; }
    int compression_level() const {
        const int level = repository.options().compression_level;
        return level == 0 ? default_compression_level : level;
    }
};

}  // namespace holdfast::repository
