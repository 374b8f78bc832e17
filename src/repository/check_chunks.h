// Checking chunks: has each one an entry in a pack, and does it decode to the bytes that its id names?
#pragma once

#include "holdfast/repository/checked_trees.h"
#include "holdfast/repository/chosen_entries.h"

namespace holdfast::repository {

// What cannot be read is added to the trees as bad; damaged packs to the report.
struct ChunkCheck {
    const Repository& repository;
    CheckedTrees& trees;
    CheckReport& report;
    const Watch& watch;
    const LiveChunks* listed_only = nullptr;
};

// From listings alone: every chunk has an entry inside a pack that exists, with its bases and dictionary. Returns the
// entries and packs for reading.
struct ListedChunks {
    ChosenEntries chosen;
    std::vector<PackInStore> packs;
};
Result<ListedChunks> check_listed(const ChunkCheck& check);

// Every chunk is read and proven, once. Whole packs: all of them are read from end to end, needed or not. Needed entries:
// without those of `listed_only`.
enum class ReadPacks { needed_entries, whole };
Result<void> check_hashed(const ChunkCheck& check, const ListedChunks& listed, ReadPacks how);

}  // namespace holdfast::repository
