#include "holdfast/repository/packer.h"

#include "holdfast/base/limits.h"

namespace holdfast::repository {

Packer::~Packer() { static_cast<void>(wait_until_at_most(0)); }

bool Packer::has(const ChunkId& id) const {
    const std::lock_guard lock(mutex_);
    return on_the_way_.contains(id);
}

Result<std::uint64_t> Packer::add(const EncodedChunk& chunk) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_) return failure_->copy();
        if (!on_the_way_.insert(chunk.id).second) return std::uint64_t{0};
    }
    if (!filling_) TRY(begin_pack());
    const auto before = filling_->builder.size();
    const auto offset = TRY(filling_->builder.add(chunk));
    const auto size = filling_->builder.size() - before;
    filling_->entries.push_back({.id = chunk.id,
                                 .place = {.pack = {}, .offset = offset, .stored_size = static_cast<std::uint32_t>(size)},
                                 .plain_size = chunk.plain_size,
                                 .type = chunk.type,
                                 .kind = chunk.kind,
                                 .bases = chunk.bases,
                                 .dictionary = chunk.dictionary});
    if (filling_->builder.size() >= limits::pack_size_target) TRY(send());
    return size;
}

Result<void> Packer::begin_pack() {
    filling_.emplace(Filling{TRY(PackBuilder::begin(places_.keys, places_.random)), {}});
    return {};
}

Result<void> Packer::send() {
    TRY(wait_until_at_most(packs_in_flight_max - 1));
    {
        const std::lock_guard lock(mutex_);
        ++in_flight_;
    }
    // A task must be copyable; the pack is not.
    auto filled = std::make_shared<Filling>(*std::move(filling_));
    filling_.reset();
    places_.pool.submit([this, filled] { put(std::move(*filled)); });
    return {};
}

void Packer::put(Filling filled) {
    const auto pack = std::move(filled.builder).finish();
    auto put = places_.store.put_if_absent(pack_name(pack.id), pack.bytes);
    // A pack's name is its content's: what exists is this one, put by an attempt whose answer was lost.
    const bool is_there = put || put.error().code() == ErrorCode::exists;
    if (is_there) {
        places_.reuse.add_own(pack.id);
        for (auto& entry : filled.entries) {
            entry.place.pack = pack.id;
            places_.index.add(entry);
        }
    }
    const std::lock_guard lock(mutex_);
    for (const auto& entry : filled.entries) on_the_way_.erase(entry.id);
    if (is_there) bytes_put_ += pack.bytes.size();
    else if (!failure_) failure_ = std::move(put).error().while_doing("store a pack");
    --in_flight_;
    changed_.notify_all();
}

Result<void> Packer::wait_until_at_most(unsigned in_flight) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ <= in_flight; });
    if (failure_) return failure_->copy();
    return {};
}

Result<void> Packer::finish() {
    if (filling_) TRY(send());
    return wait_until_at_most(0);
}

std::uint64_t Packer::bytes_put() const {
    const std::lock_guard lock(mutex_);
    return bytes_put_;
}

}  // namespace holdfast::repository
