// Condemned lists: the packs and dictionaries that a prune means to remove, so that nobody leans on them any more.
#pragma once

#include <unordered_set>
#include <vector>

#include "holdfast/repository/keys.h"
#include "holdfast/repository/presence.h"

namespace holdfast::repository {

struct CondemnedList {
    std::string id;  // hexadecimal, of its object
    Presence by;
    std::vector<PackId> packs;
    std::vector<ChunkId> dictionaries;
};
constexpr std::size_t condemned_per_list_max = 100'000;

// Makes an id and puts the list, on a full disk too. At most condemned_per_list_max of each.
Result<void> put_condemned(store::ObjectStore& store, const Keys& keys, host::Random& random, CondemnedList& list);
// Every list there is. One that cannot be proven is an error: what it condemns cannot be known.
Result<std::vector<CondemnedList>> read_condemned(store::ObjectStore& store, const Keys& keys);
store::ObjectName condemned_name(const std::string& id);

// What all lists together condemn.
struct Condemned {
    std::unordered_set<PackId, NameHasher> packs;
    std::unordered_set<ChunkId, NameHasher> dictionaries;
    void add(const CondemnedList& list) {
        packs.insert(list.packs.begin(), list.packs.end());
        dictionaries.insert(list.dictionaries.begin(), list.dictionaries.end());
    }
};

}  // namespace holdfast::repository
