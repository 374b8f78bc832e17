#include "holdfast/repository/index_rows.h"

#include <algorithm>
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

void IndexRows::sort() {
    const auto before = [&](const Row& a, const Row& b) {
        if (const auto order = a.id <=> b.id; order != 0) return order < 0;
        return std::tuple(!stands_alone(a.kind), packs_[a.pack], a.offset) <
               std::tuple(!stands_alone(b.kind), packs_[b.pack], b.offset);
    };
    std::ranges::sort(rows_, before);
    const auto same = [&](const Row& a, const Row& b) {
        return a.id == b.id && a.pack == b.pack && a.offset == b.offset;
    };
    rows_.erase(std::unique(rows_.begin(), rows_.end(), same), rows_.end());
}

void IndexRows::clear() { *this = IndexRows(); }

std::uint32_t IndexRows::number_of(const PackId& pack) {
    const auto [at, is_new] = pack_numbers_.try_emplace(pack, static_cast<std::uint32_t>(packs_.size()));
    if (is_new) packs_.push_back(pack);
    return at->second;
}

}  // namespace holdfast::repository
