// check(): are a snapshot's bytes all there and right? By listing, or by reading and proving every byte.
#pragma once

#include "holdfast/repository/repository.h"

namespace holdfast::repository {

struct DamagedRange {
    SnapshotNumber snapshot;
    std::string member;                  // or the companion, or the path of what lies in it
    std::uint64_t offset = 0, size = 0;  // of the member's plain bytes
    std::string object;                  // the pack or table it lies in, when known
    std::string why;
    EntryType type = EntryType::database;  // of a folder it is the listing, without which nobody knows what lies in it
};
struct DamagedObject {
    std::string name;
    std::string why;
    bool twin_is_good = false;           // the other copy of a twice-kept object proves
};
struct CheckReport {
    std::vector<DamagedObject> objects;
    std::vector<DamagedRange> ranges;
    std::uint64_t snapshots = 0, objects_checked = 0, bytes_read = 0, chunks_checked = 0;
    bool good() const { return objects.empty() && ranges.empty(); }
};
struct CheckRequest {
    std::vector<SnapshotNumber> snapshots;  // empty: all, and every object in the repository
    bool may_be_gone = false;               // those of them that have been pruned are left out; else: not_found
    VerifyLevel level = VerifyLevel::hashed;  // `opened` is history's and operations' matter
    // Chunks that this snapshot has too are not read, only listed; it cannot be read itself, or has gone: all are read.
    std::optional<SnapshotNumber> listed_if_in{};
};
// listed: every chunk of the snapshots has an entry in a pack that exists with the listed size (bases and
// dictionaries too). hashed: besides, every object's bytes are read and proven. Each shared chunk is read once.
Result<CheckReport> check(Repository& repository, const CheckRequest& request, const Watch& watch);

}  // namespace holdfast::repository
