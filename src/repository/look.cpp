#include "holdfast/repository/look.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "holdfast/base/limits.h"
#include "holdfast/repository/rewritten_extents.h"
#include "holdfast/repository/unit_prints.h"

namespace holdfast::repository {

namespace {

constexpr std::uint64_t extents_per_batch = 16;  // 1 MiB: divides a leaf node, so that a batch lies in one
constexpr unsigned batches_max = 24;

// What was found of one extent.
struct Finding {
    std::optional<ChunkId> id;            // none: as it was known
    std::optional<EncodedChunk> encoded;  // to be stored
    std::optional<ChunkId> before;        // what lay there, when it is something else
    std::uint32_t units_changed = 0;
    bool is_as_parent = false;
    bool is_put_off = false;              // to be stored once all that changed is known
};

// An extent as it lies in a hole: what is true of it need not be found out each time. Known by where it lies.
const Bytes& zeros() {
    static const Bytes all(limits::extent_size);
    return all;
}
bool is_hole(ByteView extent) { return extent.data() == zeros().data() && extent.size() == limits::extent_size; }

struct Batch {
    Buffer bytes{extents_per_batch * limits::extent_size};
    std::uint64_t first = 0, count = 0;
    std::size_t size = 0;
    bool is_hole = false;  // then the bytes have not been read
    std::array<Finding, extents_per_batch> findings;

    ByteView extent(std::uint64_t number) const {
        const auto at = number * limits::extent_size;
        const auto its_size = std::min<std::size_t>(limits::extent_size, size - at);
        return is_hole ? ByteView(zeros()).first(its_size) : bytes.view().subspan(at, its_size);
    }
};

class Looking {
public:
    Looking(const ByteSource& source, const LookPlaces& places, const LookRequest& request, Known& known)
        : source_(source), places_(places), request_(request), known_(known), size_(source.size()), next_(request.first),
          rewritten_({.pool = places.pool, .chunks = places.chunks, .packer = places.packer, .reuse = places.reuse, .encoder = places.encoder}) {
        if (request.hash_all) sha256_.emplace();
        print_of_hole_ = fingerprint(zeros(), known.prints.seed);
        const ByteView unit = ByteView(zeros()).first(places.unit);
        unit_of_hole_ = unit_print(unit, known.prints.seed);
        tail_of_hole_ = tail_print(unit, known.prints.seed);
    }

    Result<LookResult> run(const Watch& watch) {
        const auto make = [&](Batch& batch) { return this->make(batch, watch); };
        const auto work = [&](Batch& batch) { return this->work(batch); };
        const auto take = [&](Batch& batch) { return this->take(batch, watch); };
        const unsigned in_flight = std::min(2 * places_.pool.size() + 2, batches_max);
        TRY(host::OrderedPipeline<Batch>::run(places_.pool, in_flight, {make, work, take}));
        result_.bytes_stored += TRY(rewritten_.store());
        result_.shifted += rewritten_.shifted();
        result_.cache_is_wrong = cache_is_wrong_;
        result_.lost_leaves = std::move(lost_leaves_);
        if (sha256_) result_.sha256 = sha256_->finish();
        return std::move(result_);
    }

private:
    // In the caller's thread.
    Result<bool> make(Batch& batch, const Watch& watch);
    Result<void> take(Batch& batch, const Watch& watch);

    // In the pool, several batches at once; extents are each other's strangers.
    Result<void> work(Batch& batch);
    Result<void> look_at_extent(std::uint64_t number, ByteView bytes, Finding& finding);
    Result<void> audit(std::uint64_t number, ByteView bytes);
    Result<void> keep_changed(std::uint64_t number, ByteView bytes, Finding& finding);
    Result<std::optional<ChunkId>> parent_id(std::uint64_t number);
    Result<std::uint32_t> count_changed_units(std::uint64_t number, ByteView bytes, const std::optional<ChunkId>& before);
    std::span<std::uint32_t> of_extent(std::vector<std::uint32_t>& prints, std::uint64_t number) const;
    std::uint32_t print_units(std::uint64_t number, ByteView bytes);
    ChunkId name(ByteView bytes) const;
    // What was there is worth a search when it had to give way to something else, not for a row that was changed in it.
    bool is_overwritten(const Finding& finding) const { return finding.is_put_off || finding.units_changed * 4 >= known_.prints.units_per_extent(); }

    bool is_all_other(const Finding& finding) const { return finding.units_changed == known_.prints.units_per_extent(); }

    const ByteSource& source_;
    const LookPlaces& places_;
    const LookRequest& request_;
    Known& known_;
    const std::uint64_t size_;
    std::uint64_t next_;
    LookResult result_;
    RewrittenExtents rewritten_;          // the caller's thread alone
    std::atomic<bool> may_put_off_ = true;
    std::optional<Sha256> sha256_;
    Fingerprint print_of_hole_;
    std::uint32_t unit_of_hole_ = 0, tail_of_hole_ = 0;
    std::atomic<bool> cache_is_wrong_ = false;
    std::mutex lost_mutex_;  // guards lost_leaves_
    std::set<std::uint64_t> lost_leaves_;
};

Result<bool> Looking::make(Batch& batch, const Watch& watch) {
    TRY(watch.go_on());
    if (next_ >= request_.last) return false;
    batch.first = next_;
    next_ = std::min(request_.last, (next_ / extents_per_batch + 1) * extents_per_batch);
    batch.count = next_ - batch.first;
    const auto offset = batch.first * limits::extent_size;
    batch.size = std::min(batch.count * limits::extent_size, size_ - offset);
    return true;
}

Result<void> Looking::work(Batch& batch) {
    const auto offset = batch.first * limits::extent_size;
    batch.is_hole = source_.next_data(offset) >= offset + batch.size;
    if (!batch.is_hole) TRY(source_.read(offset, batch.bytes.span().first(batch.size)));
    for (std::uint64_t i = 0; i < batch.count; ++i) {
        batch.findings[i] = {};
        TRY(look_at_extent(batch.first + i, batch.extent(i), batch.findings[i]));
    }
    return {};
}

Result<void> Looking::look_at_extent(std::uint64_t number, ByteView bytes, Finding& finding) {
    const Fingerprint print = is_hole(bytes) ? print_of_hole_ : fingerprint(bytes, known_.prints.seed);
    const bool is_known = !request_.name_everything && number < known_.extents;
    if (is_known && print == known_.prints.extents[number]) {
        if (!known_.has_units) print_units(number, bytes);
        const bool is_audited = number >= request_.audit_first && number < request_.audit_last;
        return is_audited ? audit(number, bytes) : Result<void>();
    }
    known_.prints.extents[number] = print;
    return keep_changed(number, bytes, finding);
}

Result<void> Looking::audit(std::uint64_t number, ByteView bytes) {
    const auto before = TRY(parent_id(number));
    if (before && *before != name(bytes)) cache_is_wrong_ = true;
    return {};
}

Result<void> Looking::keep_changed(std::uint64_t number, ByteView bytes, Finding& finding) {
    const ChunkId id = name(bytes);
    const auto before = TRY(parent_id(number));
    finding.id = id;
    finding.is_as_parent = before == id;
    if (finding.is_as_parent) {
        print_units(number, bytes);
        if (!places_.reuse.proves()) return {};
    } else {
        finding.units_changed = TRY(count_changed_units(number, bytes, before));
        finding.before = before;
    }
    if (places_.packer.has(id) || TRY(places_.reuse.has(id, ChunkType::extent))) return {};
    const ChangedExtent extent{.number = number,
                               .chunk = {.type = ChunkType::extent, .id = id, .bytes = bytes},
                               .before = finding.is_as_parent ? std::nullopt : before,
                               .tails = of_extent(known_.prints.tails, number).first((bytes.size() + places_.unit - 1) / places_.unit)};
    const bool may_put_off = places_.parent != nullptr && !finding.is_as_parent && may_put_off_;
    auto encoded = TRY(places_.encoder.encode(extent, may_put_off ? ExtentEncoder::Rewritten::put_off : ExtentEncoder::Rewritten::store));
    finding.encoded = std::move(encoded.chunk);
    finding.is_put_off = encoded.is_put_off;
    return {};
}

// None: the parent has no such extent, or its node cannot be read; then the extent is new.
Result<std::optional<ChunkId>> Looking::parent_id(std::uint64_t number) {
    if (places_.parent == nullptr || number >= places_.parent->extents()) return std::optional<ChunkId>();
    const auto leaf = number / limits::node_children_max;
    {
        const std::lock_guard lock(lost_mutex_);
        if (lost_leaves_.contains(leaf)) return std::optional<ChunkId>();
    }
    auto id = places_.parent->id_of(number);
    if (id) return std::optional(*id);
    if (id.error().code() != ErrorCode::corrupt && id.error().code() != ErrorCode::not_found) return std::move(id).error();
    const std::lock_guard lock(lost_mutex_);
    lost_leaves_.insert(leaf);
    return std::optional<ChunkId>();
}

// Without fingerprints of the units before, the parent's bytes are read for it, if they can be.
Result<std::uint32_t> Looking::count_changed_units(std::uint64_t number, ByteView bytes, const std::optional<ChunkId>& before) {
    const bool has_prints = known_.has_units && number < known_.extents;
    const auto changed = print_units(number, bytes);
    if (has_prints || !before) return changed;
    const auto parent = places_.chunks.read(*before, ChunkType::extent);
    if (!parent) return changed;
    const auto all = (bytes.size() + places_.unit - 1) / places_.unit;
    std::size_t same = 0;
    for (const auto& copy : copies_in_place(*parent, bytes, places_.unit)) same += (copy.length + places_.unit - 1) / places_.unit;
    return static_cast<std::uint32_t>(all - same);
}

std::span<std::uint32_t> Looking::of_extent(std::vector<std::uint32_t>& prints, std::uint64_t number) const {
    const auto count = known_.prints.units_per_extent();
    return std::span(prints).subspan(number * count, count);
}

// Returns how many differ from what was known of them; all of them, when nothing was.
std::uint32_t Looking::print_units(std::uint64_t number, ByteView bytes) {
    const auto units = of_extent(known_.prints.units, number), tails = of_extent(known_.prints.tails, number);
    const bool is_known = known_.has_units && number < known_.extents;
    std::uint32_t differ = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
        const auto at = i * places_.unit;
        if (at >= bytes.size()) {
            units[i] = tails[i] = 0;
            continue;
        }
        const auto unit = bytes.subspan(at, std::min<std::size_t>(places_.unit, bytes.size() - at));
        const auto print = is_hole(bytes) ? unit_of_hole_ : unit_print(unit, known_.prints.seed);
        if (!is_known || units[i] != print) ++differ;
        units[i] = print;
        tails[i] = is_hole(bytes) ? tail_of_hole_ : tail_print(unit, known_.prints.seed);
    }
    return differ;
}

// A sparse file of many gigabytes is mostly one chunk: its name is worth remembering.
ChunkId Looking::name(ByteView bytes) const {
    const bool is_zeros = is_hole(bytes) || (bytes.size() == limits::extent_size && is_all_zero(bytes));
    if (!is_zeros) return places_.keys.name_of(ChunkType::extent, bytes);
    static thread_local std::pair<Hash, ChunkId> known;
    if (known.first != places_.keys.domain()) known = {places_.keys.domain(), places_.keys.name_of(ChunkType::extent, zeros())};
    return known.second;
}

Result<void> Looking::take(Batch& batch, const Watch& watch) {
    std::uint64_t differ = 0;
    for (std::uint64_t i = 0; i < batch.count; ++i) {
        Finding& finding = batch.findings[i];
        const auto number = batch.first + i;
        if (!finding.id) continue;
        if (finding.before && is_overwritten(finding)) rewritten_.was_there(*finding.before);
        if (finding.encoded && !finding.is_put_off && is_all_other(finding) && !finding.encoded->bases.empty()) ++result_.shifted;
        if (finding.is_put_off) {
            rewritten_.put_off({.id = *finding.id, .bytes = batch.extent(i), .in_place = std::move(finding.encoded), .is_all_other = is_all_other(finding)});
        } else if (finding.encoded) {
            result_.bytes_stored += TRY(places_.packer.add(*finding.encoded));
        }
        finding.encoded.reset();
        if (finding.is_as_parent && known_.changed.find(number) == nullptr) continue;
        known_.changed.put(number, *finding.id, finding.units_changed);
        ++differ;
    }
    if (rewritten_.is_full()) result_.bytes_stored += TRY(rewritten_.store());
    may_put_off_ = rewritten_.may_put_off();
    for (std::uint64_t i = 0; sha256_ && i < batch.count; ++i) sha256_->update(batch.extent(i));
    result_.differ += differ;
    result_.bytes_read += batch.is_hole ? 0 : batch.size;
    if (request_.on_batch) request_.on_batch(batch.count, differ);
    watch.at({.phase = "reading", .done = std::min((batch.first + batch.count) * limits::extent_size, size_), .total = size_});
    return {};
}

}  // namespace

Result<LookResult> look_at(const ByteSource& source, const LookPlaces& places, const LookRequest& request, Known& known,
                           const Watch& watch) {
    return Looking(source, places, request, known).run(watch);
}

}  // namespace holdfast::repository
