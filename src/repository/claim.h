// Claims: the objects sessions/N, by which a running backup holds its number.
#pragma once

#include "holdfast/repository/keys.h"
#include "holdfast/repository/presence.h"

namespace holdfast::repository {

// `exists`: somebody else has claimed it. Durable: what a crash leaves half done is known by the claim that stays.
Result<void> put_claim(store::ObjectStore& store, const Keys& keys, host::Random& random, SnapshotNumber number,
                       const Presence& by);
// not_found: there is none (any more). corrupt: nobody can be known by it.
Result<Presence> read_claim(store::ObjectStore& store, const Keys& keys, SnapshotNumber number);

// Whether somebody may still be behind a claim or a lease. Only patience rests on it.
enum class Behind { nobody, somebody, perhaps };  // perhaps: another machine, or not to be seen from here
Behind behind(const Result<Presence>& presence);

// Makes snapshots/N void unless N has been committed. True: it is void now, by us or by somebody else.
Result<bool> void_number(store::ObjectStore& store, const Keys& keys, host::Random& random, SnapshotNumber number);

// A snapshot is kept twice, snapshots/N first: that name alone decides, whoever creates it, so that a copy without it is
// damage and never somebody's unfinished work. Puts whichever of the two is missing; not_found when both are.
Result<void> complete_twins(store::ObjectStore& store, const Keys& keys, SnapshotNumber number);

}  // namespace holdfast::repository
