#include "holdfast/repository/index_rows.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace holdfast::repository {

void IndexRows::add(const IndexEntry& entry) {
    HOLDFAST_ASSERT(entry.bases.size() <= UINT8_MAX);
    rows_.push_back({.id = entry.id,
                     .pack = number_of(entry.place.pack),
                     .offset = entry.place.offset,
                     .stored_size = entry.place.stored_size,
                     .plain_size = entry.plain_size,
                     .type = entry.type,
                     .kind = entry.kind,
                     .bases = static_cast<std::uint8_t>(entry.bases.size()),
                     .dictionary = entry.dictionary.has_value(),
                     .first_base = static_cast<std::uint32_t>(bases_.size())});
    bases_.insert(bases_.end(), entry.bases.begin(), entry.bases.end());
    if (entry.dictionary) bases_.push_back(*entry.dictionary);
}

IndexEntry IndexRows::entry(std::size_t at) const {
    const Row& row = rows_[at];
    const auto first = bases_.begin() + row.first_base;
    IndexEntry entry{.id = row.id,
                     .place = {.pack = packs_[row.pack], .offset = row.offset, .stored_size = row.stored_size},
                     .plain_size = row.plain_size,
                     .type = row.type,
                     .kind = row.kind,
                     .bases = {first, first + row.bases},
                     .dictionary = {}};
    if (row.dictionary) entry.dictionary = bases_[std::size_t{row.first_base} + row.bases];
    return entry;
}

std::vector<std::uint32_t> IndexRows::table_order() const {
    std::vector<std::uint32_t> order(rows_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, [this](std::uint32_t left, std::uint32_t right) {
        const Row &a = rows_[left], &b = rows_[right];
        if (const auto by_id = a.id <=> b.id; by_id != 0) return by_id < 0;
        if (stands_alone(a.kind) != stands_alone(b.kind)) return stands_alone(a.kind);
        return std::tie(packs_[a.pack], a.offset) < std::tie(packs_[b.pack], b.offset);
    });
    const auto same = [this](std::uint32_t left, std::uint32_t right) {
        const Row &a = rows_[left], &b = rows_[right];
        return a.id == b.id && a.pack == b.pack && a.offset == b.offset;
    };
    order.erase(std::unique(order.begin(), order.end(), same), order.end());
    return order;
}

std::uint32_t IndexRows::number_of(const PackId& pack) {
    const auto [at, is_new] = pack_numbers_.try_emplace(pack, static_cast<std::uint32_t>(packs_.size()));
    if (is_new) packs_.push_back(pack);
    return at->second;
}

// --- rows found by id ---

void FoundRows::add(const IndexEntry& entry) {
    constexpr std::size_t places_min = 64;
    rows_.add(entry);
    if (rows_.size() * 2 > places_.size()) {
        places_.assign(std::max(places_min, places_.size() * 2), 0);
        for (std::uint32_t row = 0; row < rows_.size(); ++row) place(row);
    } else {
        place(static_cast<std::uint32_t>(rows_.size() - 1));
    }
}

void FoundRows::place(std::uint32_t row) {
    std::size_t at = HashHasher{}(rows_.rows()[row].id.hash) & (places_.size() - 1);
    while (places_[at] != 0) at = (at + 1) & (places_.size() - 1);
    places_[at] = row + 1;
}

void FoundRows::find(const ChunkId& id, std::vector<IndexEntry>& found) const {
    if (places_.empty()) return;
    std::size_t at = HashHasher{}(id.hash) & (places_.size() - 1);
    for (; places_[at] != 0; at = (at + 1) & (places_.size() - 1)) {
        const std::uint32_t row = places_[at] - 1;
        if (rows_.rows()[row].id == id) found.push_back(rows_.entry(row));
    }
}

}  // namespace holdfast::repository
