#include "holdfast/repository/prune_plan.h"

#include <algorithm>

#include "holdfast/base/limits.h"

namespace holdfast::repository {

namespace {

constexpr std::uint64_t small_pack = limits::pack_size_target / 4;
constexpr std::size_t small_packs_max = 16;

std::uint64_t garbage_in(const PackInStore& pack) {
    const auto used = pack_header_size + pack.live_bytes;
    return pack.size > used ? pack.size - used : 0;
}

// The packs with most garbage in proportion, until what is left is little enough.
void choose_wasteful(const std::vector<PackInStore>& packs, double waste_max, std::vector<bool>& is_rewritten) {
    std::vector<std::uint32_t> order;
    std::uint64_t garbage = 0, kept = 0;
    for (std::uint32_t i = 0; i < packs.size(); ++i) {
        if (packs[i].live_bytes == 0 || is_rewritten[i]) continue;
        order.push_back(i);
        garbage += garbage_in(packs[i]);
        kept += packs[i].live_bytes;
    }
    const auto share = [&](std::uint32_t i) { return static_cast<double>(garbage_in(packs[i])) / static_cast<double>(packs[i].size); };
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return std::pair(share(b), a) < std::pair(share(a), b); });
    for (const auto i : order) {
        if (static_cast<double>(garbage) <= waste_max * static_cast<double>(kept)) break;
        garbage -= garbage_in(packs[i]);
        is_rewritten[i] = true;
    }
}

void choose_small(const std::vector<PackInStore>& packs, std::vector<bool>& is_rewritten) {
    std::vector<std::uint32_t> small;
    for (std::uint32_t i = 0; i < packs.size(); ++i) {
        if (packs[i].live_bytes > 0 && packs[i].size < small_pack) small.push_back(i);
    }
    if (small.size() <= small_packs_max) return;
    for (const auto i : small) is_rewritten[i] = true;
}

// As Packer fills packs: each is sent when an entry has brought it to the target.
std::uint64_t size_when_rewritten(const std::vector<Rewritten>& entries) {
    std::uint64_t bytes = 0, in_pack = 0;
    for (const auto& one : entries) {
        if (in_pack == 0) in_pack = pack_header_size;
        in_pack += one.entry.stored_size;
        if (in_pack < limits::pack_size_target) continue;
        bytes += in_pack;
        in_pack = 0;
    }
    return bytes + in_pack;
}

}  // namespace

Result<std::vector<DictionaryInStore>> list_dictionaries(store::ObjectStore& store) {
    std::vector<DictionaryInStore> dictionaries;
    for (const auto& object : TRY(store.list("dictionaries"))) {
        std::string_view text = object.name.text();
        text.remove_prefix(text.rfind('/') + 1);
        if (text.ends_with(".copy")) text.remove_suffix(std::string_view(".copy").size());
        const auto hash = Hash::from_hex(text);
        if (!hash) continue;
        const auto known = std::ranges::find(dictionaries, ChunkId{*hash}, &DictionaryInStore::id);
        if (known == dictionaries.end()) dictionaries.push_back({ChunkId{*hash}, object.size});
        else known->bytes += object.size;
    }
    return dictionaries;
}

std::vector<Rewritten> entries_in(const std::vector<std::uint32_t>& packs, const ChosenEntries& chosen) {
    std::vector<Rewritten> entries;
    for (const auto& [id, entry] : chosen.entries) {
        if (std::ranges::binary_search(packs, entry.pack)) entries.push_back({id, entry});
    }
    std::ranges::sort(entries, {}, [](const Rewritten& one) { return std::pair(one.entry.pack, one.entry.offset); });
    return entries;
}

PrunePlan plan_prune(const std::vector<PackInStore>& packs, const ChosenEntries& chosen,
                     const std::vector<DictionaryInStore>& dictionaries, double waste_max) {
    PrunePlan plan;
    std::vector<bool> is_rewritten(packs.size());
    for (std::uint32_t i = 0; i < packs.size(); ++i) {
        // Another prune may remove it at any moment: what is needed of it must lie elsewhere before.
        if (packs[i].live_bytes > 0 && packs[i].standing == Standing::condemned_by_others) is_rewritten[i] = true;
    }
    choose_wasteful(packs, waste_max, is_rewritten);
    choose_small(packs, is_rewritten);
    for (std::uint32_t i = 0; i < packs.size(); ++i) {
        if (packs[i].live_bytes == 0) {
            plan.dead.push_back(i);
            plan.bytes_dead += packs[i].size;
        } else if (is_rewritten[i]) {
            plan.rewrite.push_back(i);
            plan.bytes_rewritten_from += packs[i].size;
        } else {
            plan.bytes_kept += packs[i].size;
        }
    }
    for (const auto& dictionary : dictionaries) {
        if (chosen.dictionaries.contains(dictionary.id)) continue;
        plan.dictionaries.push_back(dictionary.id);
        plan.bytes_dead += dictionary.bytes;
    }
    plan.bytes_rewritten_to = size_when_rewritten(entries_in(plan.rewrite, chosen));
    plan.bytes_kept += plan.bytes_rewritten_to;
    return plan;
}

}  // namespace holdfast::repository
