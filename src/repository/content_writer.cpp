#include "holdfast/repository/content_writer.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/lineage_dictionary.h"
#include "holdfast/repository/look.h"
#include "holdfast/repository/session_state.h"
#include "holdfast/repository/tree_builder.h"

namespace holdfast::repository {

namespace {

// Pages are looked for elsewhere once so many extents differ: few changes in place are the rule, a VACUUM the exception.
constexpr std::uint64_t moved_extents_min = 32;
constexpr std::uint64_t moved_extents_part = 16;
// Each backup names this part of the extents that its cache calls unchanged.
constexpr std::uint64_t audit_part = 64;

bool is_unreadable(const Error& error) {
    return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found || error.code() == ErrorCode::too_new;
}

}  // namespace

struct ContentWriter::State {
    State(Session::State& of, KeepRequest what) : session(of), request(std::move(what)) {}

    Session::State& session;
    KeepRequest request;
    std::vector<std::string> warnings;

    HashCachePlace cache_place;
    std::unique_ptr<ParentTree> parent;  // null: there is none, or none that can be read
    std::unique_ptr<ExtentEncoder> encoder;
    std::unique_ptr<MovedUnits> moved;
    LineageDictionary dictionary{session};

    Known known;
    bool has_cache = false;
    bool has_looked = false;
    std::uint64_t size = 0;
    LookResult totals;
    std::uint64_t looked_at = 0, differ = 0;  // in this look: whether to look for moved pages
    bool may_look_for_moved = false;
    std::optional<KeptContent> kept;

    Result<void> prepare();
    Result<void> first_look(const ByteSource& source, const Watch& watch);
    Result<void> next_look(const ByteSource& source, const Watch& watch);
    Result<void> look(const ByteSource& source, const LookRequest& request, const Watch& watch);
    Result<void> choose_dictionary(const ByteSource& source);
    void begin_prints(std::optional<HashCache> cache);
    void resize(std::uint64_t source_size);
    void consider_moved(std::uint64_t batch, std::uint64_t batch_differ);
    void audit(LookRequest& request) const;
};

// --- opening ---

Result<void> Session::use_before(std::optional<Before>& before, std::vector<std::string>& warnings) {
    if (before && before->snapshot.value != 0) {
        auto leaned = lean_on(before->snapshot);
        if (!leaned && !is_unreadable(leaned.error())) return std::move(leaned).error();
        if (!leaned) {
            warnings.push_back(format("the backup before cannot be used: {}", leaned.error().message()));
            before.reset();
        }
    }
    if (before && before->content.root && !state_->roots.contains(*before->content.root)) {
        return fail(ErrorCode::invalid, "keep: the content before belongs to no snapshot that the session leans on");
    }
    return {};
}

Result<ContentWriter> Session::keep(KeepRequest request) {
    HOLDFAST_ASSERT(request.unit > 0 && limits::extent_size % request.unit == 0);
    auto state = std::make_unique<ContentWriter::State>(*state_, std::move(request));
    TRY(use_before(state->request.before, state->warnings));
    TRY(state->prepare());
    return ContentWriter(std::move(state));
}

ContentWriter::ContentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentWriter::ContentWriter(ContentWriter&&) noexcept = default;
ContentWriter::~ContentWriter() = default;
const std::vector<std::string>& ContentWriter::warnings() const { return state_->warnings; }

Result<void> ContentWriter::State::prepare() {
    const Repository& repository = session.repository;
    cache_place = {.folder = repository.options().cache_folder, .repository = repository.config().id.hex(), .like = request.like};
    const bool has_extents = request.before && request.before->content.root && request.before->content.scheme == Scheme::fixed;
    if (has_extents) {
        auto opened = ParentTree::open(repository.chunks(), *request.before);
        if (!opened && !is_unreadable(opened.error())) return std::move(opened).error();
        if (opened) parent = *std::move(opened);
        else warnings.push_back(format("the backup before is damaged, everything is stored anew: {}", opened.error().message()));
    }
    encoder = std::make_unique<ExtentEncoder>(ExtentEncoder::Places{.chunks = repository.chunks(),
                                                                    .reuse = *session.reuse,
                                                                    .parent = parent.get(),
                                                                    .unit = request.unit,
                                                                    .compression_level = session.compression_level()});
    return {};
}

// --- looking ---

Result<void> ContentWriter::look(const ByteSource& source, const Watch& watch) {
    State& state = *state_;
    HOLDFAST_ASSERT(!state.kept);
    state.resize(source.size());
    auto looked = state.has_looked ? state.next_look(source, watch) : state.first_look(source, watch);
    state.has_looked = true;
    return looked;
}

Result<void> ContentWriter::State::first_look(const ByteSource& source, const Watch& watch) {
    auto cache = parent && !request.everything ? read_hash_cache(session.repository.host().files, cache_place, parent->content())
                                               : std::nullopt;
    has_cache = cache.has_value();
    begin_prints(std::move(cache));
    resize(size);
    TRY(choose_dictionary(source));

    const auto extents = extents_of(size);
    LookRequest look_request{.first = 0, .last = extents, .name_everything = !has_cache, .hash_all = request.everything};
    if (has_cache) audit(look_request);
    may_look_for_moved = has_cache && known.has_units;
    TRY(look(source, look_request, watch));
    if (!totals.cache_is_wrong) return {};

    warnings.push_back(format("the local cache {} was wrong and has been dropped; every byte was compared with the backup before",
                              cache_place.path()));
    drop_hash_cache(session.repository.host().files, cache_place);
    totals.cache_is_wrong = has_cache = false;
    begin_prints(std::nullopt);
    resize(size);
    return look(source, {.first = 0, .last = extents, .name_everything = true}, watch);
}

Result<void> ContentWriter::State::next_look(const ByteSource& source, const Watch& watch) {
    const auto differ_before = totals.differ;
    auto whole = std::move(totals.sha256);
    totals.sha256.reset();
    may_look_for_moved = false;
    TRY(look(source, {.first = 0, .last = extents_of(size)}, watch));
    if (whole && totals.differ == differ_before) totals.sha256 = whole;
    return {};
}

Result<void> ContentWriter::State::look(const ByteSource& source, const LookRequest& wanted, const Watch& watch) {
    const LookPlaces places{.keys = session.keys(),
                            .pool = *session.repository.options().pool,
                            .chunks = session.repository.chunks(),
                            .packer = *session.packer,
                            .reuse = *session.reuse,
                            .encoder = *encoder,
                            .parent = parent.get(),
                            .unit = request.unit};
    looked_at = differ = 0;
    LookRequest whole = wanted;
    whole.on_batch = [this](std::uint64_t batch, std::uint64_t batch_differ) { consider_moved(batch, batch_differ); };
    auto result = TRY(look_at(source, places, whole, known, watch));
    known.extents = extents_of(size);
    known.has_units = true;
    // Under a leaf node of the parent that cannot be read nothing is "as before": its ids are not known.
    for (const auto leaf : result.lost_leaves) {
        const auto first = leaf * limits::node_children_max;
        const auto last = std::min(first + limits::node_children_max, extents_of(size));
        if (wanted.name_everything || first >= last) continue;
        warnings.push_back("a part of the backup before is damaged; what it held was named anew");
        const auto again = TRY(look_at(source, places, {.first = first, .last = last, .name_everything = true}, known, watch));
        result.bytes_read += again.bytes_read;
        result.bytes_stored += again.bytes_stored;
    }
    totals.bytes_read += result.bytes_read;
    totals.bytes_stored += result.bytes_stored;
    totals.differ += result.differ;
    totals.shifted += result.shifted;
    totals.cache_is_wrong = result.cache_is_wrong;
    totals.sha256 = result.sha256;
    return {};
}

void ContentWriter::State::begin_prints(std::optional<HashCache> cache) {
    known = {};
    if (cache) {
        known.prints = *std::move(cache);
        known.extents = known.prints.extents.size();
        known.has_units = known.prints.unit == request.unit;
        if (!known.has_units) known.prints.units.clear(), known.prints.tails.clear();
    } else {
        known.prints.seed = host::random_u64(session.random());
    }
    known.prints.unit = request.unit;
}

void ContentWriter::State::resize(std::uint64_t source_size) {
    if (has_looked && source_size != size) ++totals.differ;  // also when only the end has gone
    size = source_size;
    const auto extents = extents_of(size);
    known.extents = std::min(known.extents, extents);
    known.prints.extents.resize(extents);
    known.prints.units.resize(extents * (limits::extent_size / request.unit));
    known.prints.tails.resize(known.prints.units.size());
    known.changed.resize(extents);
}

// A range that moves on with every backup, so that each 64 of them have named everything.
void ContentWriter::State::audit(LookRequest& look_request) const {
    const auto extents = look_request.last, turn = session.number.value % audit_part;
    look_request.audit_first = extents * turn / audit_part;
    look_request.audit_last = extents * (turn + 1) / audit_part;
}

void ContentWriter::State::consider_moved(std::uint64_t batch, std::uint64_t batch_differ) {
    looked_at += batch;
    differ += batch_differ;
    if (!may_look_for_moved || differ < moved_extents_min || differ * moved_extents_part < looked_at) return;
    may_look_for_moved = false;
    // Read again: what was in memory has been overwritten by what this look has seen.
    const auto cache = read_hash_cache(session.repository.host().files, cache_place, parent->content());
    if (!cache || cache->unit != request.unit || cache->tails.size() > UINT32_MAX) return;
    moved = std::make_unique<MovedUnits>(cache->tails);
    encoder->look_for_moved(moved.get());
}

// A source that has no dictionary gets one at its first backup, or when it has outgrown what it was.
Result<void> ContentWriter::State::choose_dictionary(const ByteSource& source) {
    const auto& before = request.before;
    if (request.shared) {
        TRY(dictionary.take_over(request.shared->id, *encoder));
        return {};
    }
    if (before && TRY(dictionary.take_over(before->dictionary, *encoder))) return {};
    const bool has_outgrown = !parent || before->dictionary || parent->content().size < source.size() / 2;
    return has_outgrown ? dictionary.train(source, request.unit, *encoder) : Result<void>();
}

// --- the end ---

Result<KeptContent> ContentWriter::finish() {
    State& state = *state_;
    HOLDFAST_ASSERT(state.has_looked && !state.kept);
    state.encoder.reset();  // before what it looks in, which takes memory that the index needs next
    state.moved.reset();
    TreeBuilder builder({.keys = state.session.keys(),
                         .chunks = state.session.repository.chunks(),
                         .packer = *state.session.packer,
                         .reuse = *state.session.reuse,
                         .root = state.request.root,
                         .compression_level = state.session.compression_level()},
                        state.parent.get());
    auto built = TRY(builder.build(state.size, state.known.changed));
    if (built.content.root) state.session.roots.insert(*built.content.root);
    state.kept = KeptContent{.content = built.content,
                             .root_node = std::move(built.root_node),
                             .plain_sha256 = state.totals.sha256,
                             .dictionary = state.dictionary.id(),
                             .bytes_read = state.totals.bytes_read,
                             .units_changed = state.known.changed.units(state.known.prints.units_per_extent()),
                             .extents_changed = state.known.changed.count(),
                             .extents_shifted = state.totals.shifted,
                             .bytes_stored = state.totals.bytes_stored + state.dictionary.bytes_stored() + built.bytes_stored};
    return *state.kept;
}

void ContentWriter::remember() noexcept {
    const State& state = *state_;
    const bool is_known = state.has_cache && state.totals.differ == 0;
    if (!state.kept || is_known) return;
    const auto written = write_hash_cache(state.session.repository.host(), state.cache_place, state.known.prints, state.kept->content);
    if (!written) state.session.repository.host().log.warning("the next backup will be slower, nothing is lost: what this one has seen cannot be remembered: {}", written.error().message());
}

}  // namespace holdfast::repository
