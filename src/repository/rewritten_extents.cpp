#include "holdfast/repository/rewritten_extents.h"

#include <algorithm>
#include <map>

#include "holdfast/base/limits.h"
#include "holdfast/repository/content_anchors.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t anchors_in_common_min = 3;
constexpr std::size_t same_anchor_max = 4;  // what is in more chunks than that tells nothing

unsigned in_flight(const host::WorkerPool& pool) { return 2 * pool.size() + 2; }

}  // namespace

struct RewrittenExtents::Anchored {
    std::vector<Reuse::PlainChunkPlace> places;
    std::vector<std::vector<std::uint32_t>> anchors;  // of each
};

struct RewrittenExtents::Stored {
    Waiting* one = nullptr;
    std::optional<EncodedChunk> chunk;
};

void RewrittenExtents::was_there(const ChunkId& before) {
    if (sources_.size() + unread_.size() < sources_max) unread_.push_back(before);
}

void RewrittenExtents::put_off(Extent extent) {
    ++put_off_;
    waiting_bytes_ += extent.bytes.size();
    waiting_.push_back({.id = extent.id, .bytes = copy_of(extent.bytes), .in_place = std::move(extent.in_place), .is_all_other = extent.is_all_other});
}

// What cannot be read is no source, and no error: then more is stored.
Result<void> RewrittenExtents::learn() {
    std::size_t next = 0;
    const auto make = [&](Anchored& item) -> Result<bool> {
        item = {};
        if (next >= unread_.size()) return false;
        const auto found = places_.reuse.plain_bases_of(unread_[next++]);
        if (!found) return true;
        for (const auto& place : *found) {
            if (known_sources_.insert(place.id).second) item.places.push_back(place);
        }
        return true;
    };
    const auto work = [&](Anchored& item) -> Result<void> {
        for (const auto& place : item.places) {
            const auto bytes = places_.chunks.read(place.id, ChunkType::extent);
            item.anchors.push_back(bytes ? anchors_of(*bytes) : std::vector<std::uint32_t>());
        }
        return {};
    };
    const auto take = [&](Anchored& item) -> Result<void> {
        for (std::size_t i = 0; i < item.places.size(); ++i) {
            const std::uint64_t number = sources_.size();
            sources_.push_back(item.places[i]);
            for (const auto anchor : item.anchors[i]) anchors_.push_back(std::uint64_t{anchor} << 32 | number);
        }
        return {};
    };
    TRY(host::OrderedPipeline<Anchored>::run(places_.pool, in_flight(places_.pool), {make, work, take}));
    unread_.clear();
    std::ranges::sort(anchors_);
    return {};
}

// Those that have most anchors in common with it, each for anchors that none before it has.
std::vector<Reuse::PlainChunkPlace> RewrittenExtents::resembling(ByteView bytes) const {
    std::map<std::uint32_t, std::vector<std::uint32_t>> by_source;
    for (const auto anchor : anchors_of(bytes)) {
        const auto first = std::ranges::lower_bound(anchors_, std::uint64_t{anchor} << 32);
        auto last = first;
        while (last != anchors_.end() && *last >> 32 == anchor) ++last;
        if (static_cast<std::size_t>(last - first) > same_anchor_max) continue;
        for (auto at = first; at != last; ++at) by_source[static_cast<std::uint32_t>(*at)].push_back(anchor);
    }
    std::vector<Reuse::PlainChunkPlace> chosen;
    std::unordered_set<std::uint32_t> covered;
    while (!by_source.empty() && chosen.size() < limits::bases_max) {
        for (auto& [source, anchors] : by_source) std::erase_if(anchors, [&](std::uint32_t anchor) { return covered.contains(anchor); });
        const auto best = std::ranges::max_element(by_source, {}, [](const auto& entry) { return entry.second.size(); });
        if (best->second.size() < anchors_in_common_min) break;
        chosen.push_back(sources_[best->first]);
        covered.insert(best->second.begin(), best->second.end());
        by_source.erase(best);
    }
    return chosen;
}

Result<EncodedChunk> RewrittenExtents::encode(Waiting& one) const {
    const PlainChunk chunk{.type = ChunkType::extent, .id = one.id, .bytes = one.bytes};
    return places_.encoder.encode_rewritten(chunk, resembling(one.bytes), std::move(one.in_place));
}

Result<std::uint64_t> RewrittenExtents::store() {
    std::uint64_t stored = 0;
    if (waiting_.empty()) return stored;
    TRY(learn());
    std::size_t next = 0;
    const auto make = [&](Stored& item) -> Result<bool> {
        item = {};
        if (next >= waiting_.size()) return false;
        item.one = &waiting_[next++];
        return true;
    };
    const auto work = [&](Stored& item) -> Result<void> {
        if (!places_.packer.has(item.one->id)) item.chunk = TRY(encode(*item.one));
        return {};
    };
    const auto take = [&](Stored& item) -> Result<void> {
        if (!item.chunk || places_.packer.has(item.one->id)) return {};
        if (item.one->is_all_other && !item.chunk->bases.empty()) ++shifted_;
        stored += TRY(places_.packer.add(*item.chunk));
        return {};
    };
    TRY(host::OrderedPipeline<Stored>::run(places_.pool, in_flight(places_.pool), {make, work, take}));
    waiting_.clear();
    waiting_bytes_ = 0;
    return stored;
}

}  // namespace holdfast::repository
