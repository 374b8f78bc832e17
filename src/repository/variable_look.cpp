#include "holdfast/repository/variable_look.h"

#include <algorithm>
#include <atomic>

#include "holdfast/base/limits.h"
#include "holdfast/repository/rewritten_extents.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t batch_bytes = 2 * 1024 * 1024;
constexpr std::size_t batch_extents_of_hole = 1024;
constexpr unsigned batches_max = 16;
// Each backup names this part of the extents that its cache calls unchanged.
constexpr std::uint64_t audit_part = 64;

// Of zeros, without looking at them each time.
struct Hole {
    Bytes bytes;
    ChunkId id;
    Fingerprint print;
};

struct Found {
    ByteView bytes;                       // in the batch, or zeros
    Fingerprint print;
    std::optional<std::uint32_t> old;
    bool is_audited = false;
    bool is_hole = false;
    ChunkId id = {};
    bool is_new = false;                  // not kept anywhere
    std::optional<EncodedChunk> encoded = {};
};

struct Batch {
    Buffer buffer{batch_bytes};
    std::uint64_t end = 0;                // in the file
    std::vector<Found> extents;
};

class Looking {
public:
    Looking(const ByteSource& source, const VariableLookPlaces& places, const VariableKnown& known)
        : source_(source), places_(places), known_(known), size_(source.size()),
          rewritten_({.pool = places.pool, .chunks = places.chunks, .packer = places.packer, .reuse = places.reuse, .encoder = places.encoder}) {
        hole_.bytes.resize(places.cuts.first_of_zeros());
        hole_.id = places.keys.name_of(ChunkType::extent, hole_.bytes);
        hole_.print = fingerprint(hole_.bytes, known.seed);
        if (known.prints == nullptr) return;
        for (std::uint32_t i = 0; i < known.prints->size(); ++i) numbers_.emplace_back((*known.prints)[i].low, i);
        std::ranges::sort(numbers_);
    }

    Result<VariableLookResult> run(const Watch& watch) {
        const auto make = [&](Batch& batch) { return this->make(batch, watch); };
        const auto work = [&](Batch& batch) { return this->work(batch); };
        const auto take = [&](Batch& batch) { return this->take(batch, watch); };
        const unsigned in_flight = std::min(2 * places_.pool.size() + 2, batches_max);
        TRY(host::OrderedPipeline<Batch>::run(places_.pool, in_flight, {make, work, take}));
        if (known_.old != nullptr) went_over(known_.old->count());
        TRY(store_put_off());
        result_.cache_is_wrong = cache_is_wrong_;
        return std::move(result_);
    }

private:
    // In the caller's thread.
    Result<bool> make(Batch& batch, const Watch& watch);
    void add_hole(Batch& batch, std::uint64_t data);
    Found next_extent(ByteView rest);
    std::optional<std::uint32_t> as_expected(ByteView rest) const;
    std::optional<std::uint32_t> find(const Fingerprint& print, std::size_t size) const;
    Result<void> take(Batch& batch, const Watch& watch);
    void went_over(std::size_t old);
    Result<void> store_put_off();

    // In the pool, several batches at once.
    Result<void> work(Batch& batch);
    Result<void> keep(Found& found);

    const ByteSource& source_;
    const VariableLookPlaces& places_;
    const VariableKnown& known_;
    const std::uint64_t size_;
    Hole hole_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> numbers_;  // old extents by the low half of their fingerprints

    std::uint64_t at_ = 0;
    std::optional<std::uint32_t> expected_ = 0;  // the old extent that comes next, if nothing changes here
    VariableLookResult result_;
    RewrittenExtents rewritten_;
    std::size_t next_old_ = 0;      // behind the old extent that was found last
    std::size_t new_since_ = 0;     // extents since then
    std::atomic<bool> may_put_off_ = true;
    std::atomic<bool> cache_is_wrong_ = false;
};

// --- cutting ---

Result<bool> Looking::make(Batch& batch, const Watch& watch) {
    TRY(watch.go_on());
    batch.extents.clear();
    if (at_ >= size_) return false;
    if (const auto data = std::min(source_.next_data(at_), size_); data >= at_ + hole_.bytes.size()) {
        add_hole(batch, data);
    } else {
        const auto bytes = batch.buffer.span().first(std::min<std::uint64_t>(batch_bytes, size_ - at_));
        TRY(source_.read(at_, bytes));
        ByteView rest = bytes;
        const bool is_end = at_ + rest.size() == size_;
        while (is_end ? !rest.empty() : rest.size() >= CutPoints::extent_max) {
            batch.extents.push_back(next_extent(rest));
            rest = rest.subspan(batch.extents.back().bytes.size());
            at_ += batch.extents.back().bytes.size();
        }
        result_.bytes_read += bytes.size() - rest.size();
    }
    batch.end = at_;
    return true;
}

void Looking::add_hole(Batch& batch, std::uint64_t data) {
    for (std::size_t i = 0; i < batch_extents_of_hole && data - at_ >= hole_.bytes.size(); ++i) {
        const auto old = find(hole_.print, hole_.bytes.size());
        batch.extents.push_back({.bytes = hole_.bytes, .print = hole_.print, .old = old, .is_hole = true});
        expected_ = old ? std::optional(*old + 1) : std::nullopt;
        at_ += hole_.bytes.size();
    }
}

// Where an old extent began, bytes that are the old ones are cut as they were: a cut follows from the bytes before it alone.
Found Looking::next_extent(ByteView rest) {
    auto old = as_expected(rest);
    const ByteView bytes = rest.first(old ? known_.old->size(*old) : places_.cuts.first(rest));
    const Fingerprint print = old ? (*known_.prints)[*old] : fingerprint(bytes, known_.seed);
    if (!old) old = find(print, bytes.size());
    expected_ = old ? std::optional(*old + 1) : std::nullopt;
    const bool is_audited = old && *old % audit_part == known_.audit_turn % audit_part;
    return {.bytes = bytes, .print = print, .old = old, .is_audited = is_audited};
}

// The last one ended where the file did: it is as expected only there.
std::optional<std::uint32_t> Looking::as_expected(ByteView rest) const {
    if (known_.prints == nullptr || !expected_ || *expected_ >= known_.prints->size()) return std::nullopt;
    const std::size_t size = known_.old->size(*expected_);
    const bool is_last = *expected_ + 1 == known_.prints->size();
    if (is_last ? at_ + size != size_ : size > rest.size()) return std::nullopt;
    return fingerprint(rest.first(size), known_.seed) == (*known_.prints)[*expected_] ? expected_ : std::nullopt;
}

// Of several that are alike, the next one from where the last was found.
std::optional<std::uint32_t> Looking::find(const Fingerprint& print, std::size_t size) const {
    if (known_.prints == nullptr) return std::nullopt;
    auto at = std::ranges::lower_bound(numbers_, std::pair(print.low, expected_.value_or(0)));
    if (at == numbers_.end() || at->first != print.low) at = std::ranges::lower_bound(numbers_, std::pair(print.low, std::uint32_t{0}));
    for (; at != numbers_.end() && at->first == print.low; ++at) {
        if ((*known_.prints)[at->second] == print && known_.old->size(at->second) == size) return at->second;
    }
    return std::nullopt;
}

// --- naming and encoding ---

Result<void> Looking::work(Batch& batch) {
    for (auto& found : batch.extents) TRY(keep(found));
    return {};
}

Result<void> Looking::keep(Found& found) {
    if (found.old && !found.is_audited) {
        found.id = known_.old->id(*found.old);
        return {};
    }
    found.id = found.is_hole ? hole_.id : places_.keys.name_of(ChunkType::extent, found.bytes);
    if (found.old) {
        if (found.id != known_.old->id(*found.old)) cache_is_wrong_ = true;
        return {};
    }
    if (known_.old != nullptr) {
        if (const auto old = known_.old->find(found.id)) found.old = static_cast<std::uint32_t>(*old);
    }
    if (found.old && !places_.reuse.proves()) return {};
    if (places_.packer.has(found.id) || TRY(places_.reuse.has(found.id, ChunkType::extent))) return {};
    found.is_new = true;
    if (known_.old != nullptr && may_put_off_) return {};
    const ChangedExtent extent{.number = 0, .chunk = {.type = ChunkType::extent, .id = found.id, .bytes = found.bytes}, .before = {}, .tails = {}};
    found.encoded = std::move(TRY(places_.encoder.encode(extent)).chunk);
    return {};
}

// --- packing ---

Result<void> Looking::take(Batch& batch, const Watch& watch) {
    for (auto& found : batch.extents) {
        result_.extents.push_back({.id = found.id, .size = static_cast<std::uint32_t>(found.bytes.size()), .old = found.old});
        result_.prints.push_back(found.print);
        if (found.old) {
            went_over(*found.old);
            next_old_ = *found.old + 1;
            new_since_ = 0;
        } else {
            ++result_.extents_changed;
            ++new_since_;
        }
        if (found.encoded) result_.bytes_stored += TRY(places_.packer.add(*found.encoded));
        else if (found.is_new && !places_.packer.has(found.id)) rewritten_.put_off({.id = found.id, .bytes = found.bytes});
        if (!rewritten_.is_full()) continue;
        went_over(next_old_ + new_since_);
        TRY(store_put_off());
    }
    may_put_off_ = rewritten_.may_put_off();
    watch.at({.phase = "reading", .done = batch.end, .total = size_});
    return {};
}

// What is new has likely been made of what lay there: those old extents are what it may lean on. Where much more has gone
// than has come, only what lay at either end of it.
void Looking::went_over(std::size_t old) {
    if (known_.old == nullptr || new_since_ == 0 || old <= next_old_) return;
    const std::size_t end = std::min(old, known_.old->count()), near = 2 * new_since_ + 2;
    for (std::size_t i = next_old_; i < end; ++i) {
        if (i - next_old_ < near || end - i <= near) rewritten_.was_there(known_.old->id(i));
    }
}

Result<void> Looking::store_put_off() {
    result_.bytes_stored += TRY(rewritten_.store());
    return {};
}

}  // namespace

Result<VariableLookResult> look_at_variable(const ByteSource& source, const VariableLookPlaces& places, const VariableKnown& known, const Watch& watch) {
    return Looking(source, places, known).run(watch);
}

}  // namespace holdfast::repository
