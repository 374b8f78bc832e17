#include "holdfast/repository/reuse.h"

#include "holdfast/base/text.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/index_rows.h"

namespace holdfast::repository {

namespace {

Result<bool> is_there(store::ObjectStore& store, const store::ObjectName& name) {
    const auto status = store.status(name);
    if (status) return true;
    if (status.error().code() == ErrorCode::not_found) return false;
    return status.error().copy();
}

}  // namespace

Result<bool> Reuse::can_be_read(const ChunkId& id, ChunkType type) const {
    if (prover_ == nullptr) return true;
    const auto read = prover_->read(id, type);
    if (read) return true;
    const auto code = read.error().code();
    if (code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new) return false;
    return read.error().copy();
}

Result<bool> Reuse::has(const ChunkId& id, ChunkType type) {
    for (const auto& entry : TRY(index_.find(id))) {
        Parts parts;
        if (!TRY(is_usable(entry, parts))) continue;
        if (!TRY(can_be_read(id, type))) return false;
        const std::lock_guard lock(mutex_);
        relied_on_.insert(parts.packs.begin(), parts.packs.end());
        return true;
    }
    return false;
}

// An entry that no snapshot needs may outlive its bases and its dictionary: both are looked for.
Result<bool> Reuse::is_usable(const IndexEntry& entry, Parts& parts) {
    if (condemned_.packs.contains(entry.place.pack)) return false;
    if (!TRY(exists(entry.place.pack))) return false;
    if (entry.dictionary && !TRY(has_dictionary(*entry.dictionary))) return false;
    parts.packs.push_back(entry.place.pack);
    for (const auto& base : entry.bases) {
        const auto plain = TRY(usable_plain(base));
        if (!plain) return false;
        parts.packs.push_back(plain->place.pack);
    }
    return true;
}

Result<std::optional<IndexEntry>> Reuse::usable_plain(const ChunkId& id) {
    for (auto& entry : TRY(index_.find(id))) {
        Parts parts;
        if (stands_alone(entry.kind) && TRY(is_usable(entry, parts))) return std::optional(std::move(entry));
    }
    return std::optional<IndexEntry>();
}

Result<std::optional<Reuse::PlainChunkPlace>> Reuse::plain_in_place_of(const ChunkId& id) {
    const auto all = TRY(plain_bases_of(id));
    return all.empty() ? std::optional<PlainChunkPlace>() : std::optional(all.front());
}

Result<std::vector<Reuse::PlainChunkPlace>> Reuse::plain_bases_of(const ChunkId& id) {
    const auto place_of = [](const IndexEntry& entry) { return PlainChunkPlace{entry.id, entry.place.pack, entry.dictionary, entry.place.stored_size}; };
    std::vector<PlainChunkPlace> places;
    if (const auto plain = TRY(usable_plain(id))) {
        places.push_back(place_of(*plain));
        return places;
    }
    for (const auto& entry : TRY(index_.find(id))) {
        for (const auto& base : entry.bases) {
            if (const auto plain = TRY(usable_plain(base))) places.push_back(place_of(*plain));
        }
        if (!places.empty()) break;
    }
    return places;
}

void Reuse::rely_on(const PlainChunkPlace& place) {
    const std::lock_guard lock(mutex_);
    relied_on_.insert(place.pack);
}

Result<bool> Reuse::has_dictionary(const ChunkId& id) {
    if (condemned_.dictionaries.contains(id)) return false;
    {
        const std::lock_guard lock(mutex_);
        const auto known = dictionaries_.find(id);
        if (known != dictionaries_.end()) return known->second;
    }
    const auto name = dictionary_name(id);
    const bool there = TRY(is_there(store_, name)) || TRY(is_there(store_, copy_name(name)));
    const std::lock_guard lock(mutex_);
    dictionaries_[id] = there;
    return there;
}

Result<bool> Reuse::exists(PackId pack) {
    {
        const std::lock_guard lock(mutex_);
        const auto known = packs_.find(pack);
        if (known != packs_.end()) return known->second;
    }
    const bool there = TRY(is_there(store_, pack_name(pack)));
    const std::lock_guard lock(mutex_);
    packs_[pack] = there;
    return there;
}

void Reuse::add_own(PackId pack) {
    const std::lock_guard lock(mutex_);
    packs_[pack] = true;
    own_.insert(pack);
}

std::vector<PackId> Reuse::own_packs() {
    const std::lock_guard lock(mutex_);
    return {own_.begin(), own_.end()};
}

Result<void> Reuse::check_relied_on() {
    std::vector<PackId> packs;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& pack : relied_on_) {
            if (!own_.contains(pack)) packs.push_back(pack);
        }
    }
    for (const auto& pack : packs) {
        if (TRY(is_there(store_, pack_name(pack)))) continue;
        return fail(ErrorCode::corrupt, "commit: {} has gone, which this backup leans on", pack_name(pack).text())
            .with_advice("begin the backup again: it stores anew what is missing");
    }
    return {};
}

}  // namespace holdfast::repository
