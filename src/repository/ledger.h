// Ledger: which numbers were claimed, committed and dropped, as the names in the store and the gap records tell.
#pragma once

#include <vector>

#include "holdfast/repository/keys.h"
#include "holdfast/repository/number_set.h"

namespace holdfast::repository {

// All gap records together; folding leaves one, a prune at work two.
struct Gaps {
    NumberSet numbers;
    std::vector<std::uint64_t> records;  // the K of each, ascending: equal lists, equal numbers; the last holds them all
    bool is_last_twofold = false;        // name and copy are there
};

struct Ledger {
    struct Kept {
        SnapshotNumber number;
        bool has_name = false;  // snapshots/N, which decides
        bool has_copy = false;  // snapshots/N.copy
    };
    std::vector<SnapshotNumber> claims;  // ascending; also of those that have committed just now
    std::vector<Kept> snapshots;         // ascending; void ones too, and ones in a gap that are still to be removed
    Gaps gaps;

    SnapshotNumber highest() const;  // ever claimed, as far as can be seen; 0: none
    std::vector<SnapshotNumber> numbers() const;  // of snapshots, those in a gap left out
    bool has_snapshot(SnapshotNumber number) const;
    bool has_claim(SnapshotNumber number) const;
};
// Listed in the order that hides nothing from a reader who races with writers: claims before snapshots (a session
// removes its claim after its commit), snapshots before gaps (a prune writes the gap before it removes).
Result<Ledger> read_ledger(store::ObjectStore& store, const Keys& keys);

Result<Gaps> read_gaps(store::ObjectStore& store, const Keys& keys);
// Adds numbers: once this returns they are gone for every reader. Folds the records before into the new one.
Result<void> add_gap(store::ObjectStore& store, const Keys& keys, host::Random& random, const NumberSet& more);

store::ObjectName claim_name(SnapshotNumber number);
// The number in "sessions/12", "snapshots/12" or "snapshots/12.copy"; none when it is something else.
struct NumberedName {
    SnapshotNumber number;
    bool is_copy = false;
};
std::optional<NumberedName> parse_numbered(const store::ObjectName& name);

}  // namespace holdfast::repository
