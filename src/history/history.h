// The past of databases in a repository: its moments, choosing one, and opening it as an image.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/history/selector.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// A point in time to which a source can be brought back: a snapshot and what has been noted about it since.
struct Moment {
    repository::Snapshot snapshot;
    repository::NoteSummary notes;
    bool is_good() const;  // passed verification at level `opened`, or a drill, and is not marked damaged
};

// Which moments are meant. All conditions given must hold.
struct Filter {
    std::string source;          // name, id prefix of at least 8 hex digits, or a path that belongs to it; empty: any
    bool with_forgotten = false;
};

struct MomentList {
    std::vector<Moment> moments;                                    // ascending by number
    std::map<repository::SnapshotNumber, Error> damaged;
    std::vector<Error> note_damage;
    repository::SnapshotNumber highest;
};
Result<MomentList> list_moments(const repository::Repository& repository, const Filter& filter);

// The moment meant. `latest`, `last-good` and times pass over forgotten, damaged and safety snapshots; a number or id
// finds them too. Several sources and no filter: `invalid`, naming them. Nothing found: `not_found` with neighbours.
Result<Moment> select_moment(const repository::Repository& repository, const Selector& selector, const Filter& filter);

// The image of a database member. Reads chunks as pages are asked for; reference to repository.
Result<std::unique_ptr<sqlite::Image>> open_image(const repository::Repository& repository, const repository::DirectoryEntry& member);

// Forget and recall are notes. `not_found`/`invalid` (already so) name the snapshot; nothing is changed on error.
Result<void> forget(repository::Repository& repository, repository::SnapshotNumber number, Timestamp now);
Result<void> recall(repository::Repository& repository, repository::SnapshotNumber number, Timestamp now);
// Forgotten at least `grace_s` ago: what prune may drop.
Result<std::vector<repository::SnapshotNumber>> ripe_for_prune(const repository::Repository& repository, Timestamp now, std::int64_t grace_s);

}  // namespace holdfast::history
