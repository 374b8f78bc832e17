#include "holdfast/repository/chosen_entries.h"

#include <algorithm>

#include "holdfast/repository/index_rows.h"

namespace holdfast::repository {

namespace {

Standing standing_of(PackId pack, const Condemned& here, const Condemned& others) {
    // Others first: their prune does not ask whether this one needs the pack.
    if (others.packs.contains(pack)) return Standing::condemned_by_others;
    return here.packs.contains(pack) ? Standing::condemned_here : Standing::kept;
}

enum class EntriesAllowed { any, plain };

class Choosing {
public:
    Choosing(const Index& index, const LiveChunks& live, std::vector<PackInStore>& packs, const Proves& proves)
        : index_(index), live_(live), packs_(packs), proves_(proves) {
        for (std::uint32_t i = 0; i < packs.size(); ++i) numbers_.emplace(packs[i].id, i);
    }

    Result<ChosenEntries> run() {
        TRY(index_.for_each([&](const IndexEntry& entry) -> Result<void> {
            if (live_.contains(entry.id)) consider(entry);
            return {};
        }));
        TRY(settle_rivals(EntriesAllowed::any));
        TRY(choose_bases());
        chosen_.dictionaries.insert(live_.dictionaries().begin(), live_.dictionaries().end());
        for (const auto& id : live_.ids()) {
            if (!chosen_.entries.contains(id)) chosen_.missing.push_back(id);
        }
        for (auto& pack : packs_) pack.live_bytes = 0;
        for (const auto& [id, entry] : chosen_.entries) {
            packs_[entry.pack].live_bytes += entry.stored_size;
            if (entry.dictionary != 0) chosen_.dictionaries.insert(dictionaries_[entry.dictionary - 1]);
        }
        return std::move(chosen_);
    }

private:
    // By standing, plain before leaning, then by place, so that every run chooses the same.
    auto rank(const ChosenEntry& entry) const {
        return std::tuple(packs_[entry.pack].standing, !stands_alone(entry.kind), entry.pack, entry.offset);
    }

    void consider(const IndexEntry& entry) {
        if (const auto candidate = candidate_of(entry)) consider(entry, *candidate);
    }

    std::optional<ChosenEntry> candidate_of(const IndexEntry& entry) {
        const auto number = numbers_.find(entry.place.pack);
        if (number == numbers_.end()) return std::nullopt;
        return ChosenEntry{.pack = number->second,
                           .offset = entry.place.offset,
                           .stored_size = entry.place.stored_size,
                           .plain_size = entry.plain_size,
                           .type = entry.type,
                           .kind = entry.kind,
                           .dictionary = entry.dictionary ? number_of(*entry.dictionary) : 0};
    }

    void consider(const IndexEntry& entry, const ChosenEntry& candidate) {
        const auto [at, is_first] = chosen_.entries.try_emplace(entry.id, candidate);
        if (!is_first && proves_) rivals_.insert(entry.id);
        if (!is_first && rank(at->second) <= rank(candidate)) return;
        choose(at->second, entry, candidate);
    }

    void choose(ChosenEntry& chosen, const IndexEntry& entry, const ChosenEntry& candidate) {
        chosen = candidate;
        bases_of_.erase(entry.id);
        if (!entry.bases.empty()) bases_of_[entry.id] = entry.bases;
    }

    // Of the chunks that lie in several places, the best entry that can be read. Where none can, the best.
    Result<void> settle_rivals(EntriesAllowed allowed) {
        if (rivals_.empty()) return {};
        std::unordered_map<ChunkId, std::vector<std::pair<ChosenEntry, IndexEntry>>, NameHasher> all;
        TRY(index_.for_each([&](const IndexEntry& entry) -> Result<void> {
            const bool is_allowed = allowed == EntriesAllowed::any || stands_alone(entry.kind);
            const auto candidate = is_allowed && rivals_.contains(entry.id) ? candidate_of(entry) : std::nullopt;
            if (candidate) all[entry.id].emplace_back(*candidate, entry);
            return {};
        }));
        rivals_.clear();
        for (auto& [id, candidates] : all) {
            std::ranges::sort(candidates, {}, [&](const auto& one) { return rank(one.first); });
            for (const auto& [candidate, entry] : candidates) {
                if (!TRY(proves_(entry))) continue;
                choose(chosen_.entries.at(id), entry, candidate);
                break;
            }
        }
        return {};
    }

    // There are a few dictionaries and very many entries: a number stands for each.
    std::uint32_t number_of(const ChunkId& dictionary) {
        const auto at = std::ranges::find(dictionaries_, dictionary);
        if (at != dictionaries_.end()) return static_cast<std::uint32_t>(at - dictionaries_.begin()) + 1;
        dictionaries_.push_back(dictionary);
        return static_cast<std::uint32_t>(dictionaries_.size());
    }

    // A base must be plain: where a live chunk is chosen as a patch and is a base as well, its plain entry serves both.
    Result<void> choose_bases() {
        std::unordered_set<ChunkId, NameHasher> wanted;
        for (const auto& [id, bases] : bases_of_) {
            for (const auto& base : bases) {
                const auto known = chosen_.entries.find(base);
                if (known == chosen_.entries.end() || !stands_alone(known->second.kind)) wanted.insert(base);
            }
        }
        if (wanted.empty()) return {};
        for (const auto& id : wanted) {
            chosen_.entries.erase(id);
            bases_of_.erase(id);
        }
        TRY(index_.for_each([&](const IndexEntry& entry) -> Result<void> {
            if (stands_alone(entry.kind) && wanted.contains(entry.id)) consider(entry);
            return {};
        }));
        TRY(settle_rivals(EntriesAllowed::plain));
        for (const auto& id : wanted) {
            if (!chosen_.entries.contains(id) && !live_.contains(id)) chosen_.missing.push_back(id);
        }
        for (const auto& [id, bases] : bases_of_) {
            const auto is_missing = [&](const ChunkId& base) { return !chosen_.entries.contains(base); };
            if (std::ranges::any_of(bases, is_missing)) chosen_.leaning_on_missing.push_back(id);
        }
        return {};
    }

    const Index& index_;
    const LiveChunks& live_;
    std::vector<PackInStore>& packs_;
    std::unordered_map<PackId, std::uint32_t, NameHasher> numbers_;
    const Proves& proves_;
    std::unordered_set<ChunkId, NameHasher> rivals_;  // chunks with several entries
    ChosenEntries chosen_;
    std::unordered_map<ChunkId, std::vector<ChunkId>, NameHasher> bases_of_;  // of the entries chosen so far
    std::vector<ChunkId> dictionaries_;
};

}  // namespace

Result<std::vector<PackInStore>> list_packs(store::ObjectStore& store, const Condemned& here, const Condemned& others) {
    std::vector<PackInStore> packs;
    for (const auto& object : TRY(store.list("packs"))) {
        const std::string& name = object.name.text();
        const auto hash = Hash::from_hex(std::string_view(name).substr(name.rfind('/') + 1));
        if (!hash) continue;
        const PackId id{*hash};
        if (pack_name(id) != object.name) continue;
        packs.push_back({.id = id, .size = object.size, .standing = standing_of(id, here, others)});
    }
    std::ranges::sort(packs, {}, &PackInStore::id);
    return packs;
}

Result<ChosenEntries> choose_entries(const Index& index, const LiveChunks& live, std::vector<PackInStore>& packs,
                                     const Proves& proves) {
    return Choosing(index, live, packs, proves).run();
}

}  // namespace holdfast::repository
