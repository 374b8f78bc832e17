#include "holdfast/repository/extent_encoder.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "holdfast/base/limits.h"

namespace holdfast::repository {

// Bases with their bytes, and what is copied out of them.
struct ExtentEncoder::Leaning {
    std::vector<Reuse::PlainChunkPlace> places;
    std::vector<std::shared_ptr<const Bytes>> bytes;
    std::vector<Copy> copies;
    std::vector<Base> bases() const {
        std::vector<Base> all;
        for (std::size_t i = 0; i < places.size(); ++i) all.push_back({.id = places[i].id, .bytes = *bytes[i]});
        return all;
    }
};

// A compressor for the time of one extent.
class ExtentEncoder::Borrowed {
public:
    explicit Borrowed(ExtentEncoder& from) : from_(from), compressor_(take()) {}
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    ~Borrowed() {
        const std::lock_guard lock(from_.compressors_mutex_);
        from_.compressors_.push_back(std::move(compressor_));
    }
    Compressor& operator*() { return compressor_; }

private:
    Compressor take() {
        const std::lock_guard lock(from_.compressors_mutex_);
        if (from_.compressors_.empty()) return Compressor(from_.places_.compression_level);
        Compressor one = std::move(from_.compressors_.back());
        from_.compressors_.pop_back();
        return one;
    }
    ExtentEncoder& from_;
    Compressor compressor_;
};

namespace {

// A unit of the extent, and where in the content before its bytes may lie.
struct Candidate {
    std::uint32_t unit = 0;    // of the extent
    std::uint64_t extent = 0;  // before
    std::uint32_t offset = 0;  // in that extent, bytes
};

// The extent that would give most units; near ones first, since neighbours will need the same base.
std::uint64_t best_extent(const std::vector<Candidate>& candidates, std::uint64_t near) {
    std::map<std::uint64_t, std::size_t> units;
    for (const auto& candidate : candidates) ++units[candidate.extent];
    const auto distance = [near](std::uint64_t extent) { return extent > near ? extent - near : near - extent; };
    auto best = units.begin();
    for (auto at = units.begin(); at != units.end(); ++at) {
        if (at->second > best->second || (at->second == best->second && distance(at->first) < distance(best->first))) best = at;
    }
    return best->first;
}

// What two units have in common at the same places; nothing when that is less than half.
struct EqualRun {
    std::uint32_t position = 0, length = 0;
};
std::vector<EqualRun> equal_runs(ByteView before, ByteView now) {
    constexpr std::uint32_t length_min = 32;  // a copy takes about ten bytes to write down
    if (before.size() != now.size()) return {};
    const auto size = static_cast<std::uint32_t>(now.size());
    if (std::memcmp(before.data(), now.data(), size) == 0) return {{.position = 0, .length = size}};
    std::vector<EqualRun> runs;
    std::uint32_t common = 0;
    for (std::uint32_t at = 0; at < size;) {
        std::uint32_t end = at;
        while (end < size && before[end] == now[end]) ++end;
        if (end - at >= length_min) {
            runs.push_back({.position = at, .length = end - at});
            common += end - at;
        }
        at = end + 1;
    }
    if (common < size / 2) runs.clear();
    return runs;
}

void join_neighbours(std::vector<Copy>& copies) {
    std::ranges::sort(copies, {}, &Copy::position);
    std::vector<Copy> joined;
    for (const auto& copy : copies) {
        if (!joined.empty()) {
            Copy& last = joined.back();
            if (last.base == copy.base && last.position + last.length == copy.position && last.offset + last.length == copy.offset) {
                last.length += copy.length;
                continue;
            }
        }
        joined.push_back(copy);
    }
    copies = std::move(joined);
}

// In place it is small when it has at most this part of what it would take plain; else it may be worth a search.
constexpr std::size_t small_part = 16;

// Whether leaning saves enough to be worth its bases, beside a plain chunk of that size.
bool pays(const EncodedChunk& leaning, std::size_t plain_stored) {
    return leaning.payload.size() + sizeof(ChunkId) * leaning.bases.size() <= plain_stored / 2;
}

}  // namespace

void ExtentEncoder::use_dictionary(const ChunkId& id, GetDictionary get) {
    const std::lock_guard lock(dictionary_mutex_);
    dictionary_id_ = id;
    get_dictionary_ = std::move(get);
}

NamedDictionary ExtentEncoder::dictionary() {
    const std::lock_guard lock(dictionary_mutex_);
    if (get_dictionary_) {
        auto got = get_dictionary_();
        get_dictionary_ = nullptr;
        if (got) dictionary_ = *std::move(got);
    }
    if (!dictionary_) return {};
    return {.id = *dictionary_id_, .dictionary = &*dictionary_};
}

Result<EncodedChunk> ExtentEncoder::plain(const PlainChunk& chunk, Compressor& compressor) {
    const NamedDictionary named = dictionary();
    return encode_plain(chunk, compressor, named.dictionary != nullptr ? &named : nullptr);
}

Result<ExtentEncoder::Encoded> ExtentEncoder::encode(const ChangedExtent& extent, Rewritten rewritten) {
    Borrowed compressor(*this);
    auto leaning = encode_leaning(extent, *compressor);
    // The base's size foretells that of the chunk stored plain, so that it need not be made for comparison.
    const bool is_worth_it = leaning && pays(leaning->chunk, leaning->base_stored);
    const bool is_small = is_worth_it && (leaning->has_moved || leaning->chunk.payload.size() <= leaning->base_stored / small_part);
    if (!is_small && rewritten == Rewritten::put_off) {
        Encoded put_off{.chunk = {}, .is_put_off = true};
        if (leaning) put_off.chunk = std::move(leaning->chunk);
        return put_off;
    }
    if (is_worth_it) return Encoded{.chunk = std::move(leaning->chunk)};
    auto stored_plain = TRY(plain(extent.chunk, *compressor));
    if (leaning && pays(leaning->chunk, stored_plain.payload.size())) return Encoded{.chunk = std::move(leaning->chunk)};
    return Encoded{.chunk = std::move(stored_plain)};
}

Result<EncodedChunk> ExtentEncoder::encode_rewritten(const PlainChunk& chunk, const std::vector<Reuse::PlainChunkPlace>& bases, std::optional<EncodedChunk> in_place) {
    Borrowed compressor(*this);
    auto patch = encode_patch_on(chunk, bases, *compressor);
    const auto cost = [](const EncodedChunk& one) { return one.payload.size() + sizeof(ChunkId) * one.bases.size(); };
    if (patch && (!in_place || cost(patch->chunk) < cost(*in_place))) in_place = std::move(patch->chunk);
    auto stored_plain = TRY(plain(chunk, *compressor));
    if (in_place && pays(*in_place, stored_plain.payload.size())) return *std::move(in_place);
    return stored_plain;
}

// None whenever nothing can be leant on, for whatever reason: then the extent is stored plain.
std::optional<ExtentEncoder::Leant> ExtentEncoder::encode_leaning(const ChangedExtent& extent, Compressor& compressor) {
    if (const auto* moved = moved_.load()) {
        if (const auto leaning = lean_on_moved(extent, *moved)) {
            auto leant = encode_copies(extent.chunk, *leaning, compressor);
            if (leant) leant->has_moved = true;
            return leant;
        }
    }
    if (!extent.before) return std::nullopt;
    auto places = places_.reuse.plain_bases_of(*extent.before);
    if (!places || places->empty()) return std::nullopt;
    if (places->size() > 1) return encode_patch_on(extent.chunk, *places, compressor);
    auto bytes = places_.chunks.read(places->front().id, ChunkType::extent);
    if (!bytes) return std::nullopt;
    Leaning leaning;
    leaning.copies = copies_in_place(*bytes, extent.chunk.bytes, places_.unit);
    leaning.places = *std::move(places);
    leaning.bytes.push_back(std::make_shared<const Bytes>(*std::move(bytes)));
    return encode_copies(extent.chunk, leaning, compressor);
}

std::optional<ExtentEncoder::Leant> ExtentEncoder::encode_copies(const PlainChunk& chunk, const Leaning& leaning, Compressor& compressor) {
    auto encoded = encode_copy_list(chunk, leaning.bases(), leaning.copies, compressor);
    if (!encoded) return std::nullopt;
    for (const auto& place : leaning.places) places_.reuse.rely_on(place);
    return Leant{.chunk = *std::move(encoded), .base_stored = leaning.places.front().stored_size};
}

std::optional<ExtentEncoder::Leant> ExtentEncoder::encode_patch_on(const PlainChunk& chunk, const std::vector<Reuse::PlainChunkPlace>& places,
                                                                   Compressor& compressor) {
    Leaning leaning;
    for (const auto& place : places) {
        auto bytes = places_.chunks.read_cached(place.id, ChunkType::extent);
        if (!bytes) continue;
        leaning.places.push_back(place);
        leaning.bytes.push_back(*std::move(bytes));
    }
    if (leaning.places.empty()) return std::nullopt;
    auto encoded = encode_patch(chunk, leaning.bases(), compressor);
    if (!encoded) return std::nullopt;
    for (const auto& place : leaning.places) places_.reuse.rely_on(place);
    return Leant{.chunk = *std::move(encoded), .base_stored = leaning.places.front().stored_size};
}

std::optional<ExtentEncoder::Leaning> ExtentEncoder::lean_on_moved(const ChangedExtent& extent, const MovedUnits& moved) {
    const auto units_per_extent = static_cast<std::uint32_t>(limits::extent_size / places_.unit);
    std::vector<Candidate> candidates;
    for (std::uint32_t unit = 0; unit < extent.tails.size(); ++unit) {
        const auto near = static_cast<std::uint32_t>(extent.number * units_per_extent + unit);
        for (const auto position : moved.find(extent.tails[unit], near)) {
            candidates.push_back({.unit = unit,
                                  .extent = position / units_per_extent,
                                  .offset = position % units_per_extent * places_.unit});
        }
    }
    const auto unit_of = [this](ByteView bytes, std::uint32_t at) {
        const ByteView rest = bytes.subspan(std::min<std::size_t>(at, bytes.size()));
        return rest.first(std::min<std::size_t>(places_.unit, rest.size()));
    };
    Leaning leaning;
    while (!candidates.empty() && leaning.places.size() < limits::bases_max) {
        const auto from = best_extent(candidates, extent.number);
        const auto copies_before = leaning.copies.size();
        const auto id = places_.parent->id_of(from);
        const auto place = id ? places_.reuse.plain_in_place_of(*id) : id.error().copy();
        const auto bytes = place && *place ? places_.chunks.read_cached((*place)->id, ChunkType::extent)
                                           : fail(ErrorCode::not_found, "no base");
        std::vector<bool> covered(extent.tails.size());
        for (const auto& candidate : candidates) {
            if (!bytes || candidate.extent != from || covered[candidate.unit]) continue;
            const auto runs = equal_runs(unit_of(**bytes, candidate.offset), unit_of(extent.chunk.bytes, candidate.unit * places_.unit));
            for (const auto& run : runs) {
                leaning.copies.push_back({.position = candidate.unit * places_.unit + run.position,
                                          .length = run.length,
                                          .base = static_cast<std::uint32_t>(leaning.places.size()),
                                          .offset = candidate.offset + run.position});
            }
            covered[candidate.unit] = !runs.empty();
        }
        std::erase_if(candidates, [&](const Candidate& one) { return one.extent == from || covered[one.unit]; });
        if (leaning.copies.size() == copies_before) continue;
        leaning.places.push_back(**place);
        leaning.bytes.push_back(*bytes);
    }
    if (leaning.places.empty()) return std::nullopt;
    join_neighbours(leaning.copies);
    return leaning;
}

}  // namespace holdfast::repository
