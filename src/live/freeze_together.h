// with_frozen_together(): several databases that belong together, each read as with_frozen() reads one, all as they were at
// one moment.
#pragma once

#include <string>
#include <vector>

#include "holdfast/live/freeze.h"

namespace holdfast::live {

struct DatabaseToFreeze {
    std::string path;  // canonical
    FreezeUse use;
};
struct FrozenTogether {
    std::vector<Result<FrozenOnce>> each;  // in the order given; one that cannot be read does not keep the others from it
    std::string why_apart;                 // why it was not one moment; empty: it was
};

// Writers of each are kept out until the last one is frozen, for milliseconds: by SQLite's SHARED lock where there is no
// WAL, which is held until the database has been read, and by the write lock (BEGIN IMMEDIATE) where there is one, which is
// let go as soon as all are frozen, before any is read. So a transaction over several of them (ATTACH) is in all or in none.
// While one lock is held, others are waited for only shortly: then all are let go, and the one that was busy is waited for
// first. Whoever takes the same locks in another order is not kept waiting, and does not keep this waiting.
//
// Where that cannot be had (no right to write to a database in WAL mode; a writer that does not let go, for together_wait_ms
// or the busy timeout if that is less), each is frozen right behind the other, or one after another: why_apart says so.
//
// Errors: a first look's, and `cancelled`.
constexpr std::int64_t together_wait_ms = 5'000;
Result<FrozenTogether> with_frozen_together(host::Host host, const std::vector<DatabaseToFreeze>& databases, const FreezeOptions& options);

}  // namespace holdfast::live
