#include "holdfast/repository/variable_writer.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/hash_cache.h"
#include "holdfast/repository/lineage_dictionary.h"
#include "holdfast/repository/session_state.h"
#include "holdfast/repository/variable_tree.h"

namespace holdfast::repository {

namespace {

constexpr std::uint32_t unit = 512;  // such files have no pages

class Writing {
public:
    Writing(Session::State& session, VariableRequest request, KeptVariable& result)
        : session_(session), request_(std::move(request)), result_(result),
          encoder_({.chunks = session.repository.chunks(), .reuse = *session.reuse, .parent = nullptr, .unit = unit, .compression_level = session.compression_level()}),
          dictionary_(session),
          cache_place_({.folder = request_.like.empty() ? std::string() : session.repository.options().cache_folder,
                        .repository = session.repository.config().id.hex(),
                        .like = request_.like}) {}

    Result<void> run(const ByteSource& source, const Watch& watch) {
        TRY(open_before());
        TRY(dictionary_.take_over(request_.dictionary, encoder_));
        auto cache = read_cache();
        auto looked = TRY(look(source, cache ? &*cache : nullptr, watch));
        if (looked.cache_is_wrong) {
            result_.warnings.push_back(format("the local cache {} was wrong and has been dropped; every byte was read and named anew", cache_place_.path()));
            drop_hash_cache(session_.repository.host().files, cache_place_);
            cache.reset();
            looked = TRY(look(source, nullptr, watch));
        }
        TRY(build(looked));
        if (!cache || looked.extents_changed > 0 || result_.kept.content != old_->content()) remember(std::move(looked.prints));
        return {};
    }

private:
    Result<void> open_before() {
        const auto& before = request_.before;
        if (!before || !before->content.root || before->content.scheme != Scheme::variable) return {};
        auto opened = OldExtents::open(session_.repository.chunks(), *before);
        if (opened) {
            old_ = std::make_unique<OldExtents>(*std::move(opened));
            return {};
        }
        const auto code = opened.error().code();
        if (code != ErrorCode::corrupt && code != ErrorCode::not_found && code != ErrorCode::too_new) return std::move(opened).error();
        result_.warnings.push_back(format("the backup before is damaged, everything is stored anew: {}", opened.error().message()));
        return {};
    }

    std::optional<HashCache> read_cache() const {
        if (!old_ || request_.everything || session_.reuse->proves()) return std::nullopt;
        auto cache = read_hash_cache(session_.repository.host().files, cache_place_, old_->content());
        if (cache && cache->extents.size() != old_->count()) cache.reset();
        return cache;
    }

    Result<VariableLookResult> look(const ByteSource& source, const HashCache* cache, const Watch& watch) {
        seed_ = cache != nullptr ? cache->seed : host::random_u64(session_.random());
        const CutPoints cuts(session_.keys());
        const VariableLookPlaces places{.keys = session_.keys(),
                                        .pool = *session_.repository.options().pool,
                                        .chunks = session_.repository.chunks(),
                                        .packer = *session_.packer,
                                        .reuse = *session_.reuse,
                                        .encoder = encoder_,
                                        .cuts = cuts};
        const VariableKnown known{.old = old_.get(), .prints = cache != nullptr ? &cache->extents : nullptr, .seed = seed_, .audit_turn = session_.number.value};
        auto looked = TRY(look_at_variable(source, places, known, watch));
        result_.kept.bytes_read += looked.bytes_read;
        result_.kept.bytes_stored += looked.bytes_stored;
        result_.kept.extents_changed = looked.extents_changed;
        return looked;
    }

    Result<void> build(const VariableLookResult& looked) {
        NodeWriter nodes({.keys = session_.keys(),
                          .chunks = session_.repository.chunks(),
                          .packer = *session_.packer,
                          .reuse = *session_.reuse,
                          .root = request_.root,
                          .compression_level = session_.compression_level()});
        auto& kept = result_.kept;
        kept.content = TRY(build_variable_tree(looked.extents, old_.get(), nodes));
        kept.root_node = nodes.take_root_node();
        kept.bytes_stored += nodes.bytes_stored();
        kept.dictionary = dictionary_.id();
        session_.roots.insert(*kept.content.root);
        return {};
    }

    // Bound to the content: of no use, and no harm, should the backup not be made.
    void remember(std::vector<Fingerprint> prints) const {
        const HashCache cache{.unit = 0, .seed = seed_, .extents = std::move(prints), .units = {}, .tails = {}};
        const auto written = write_hash_cache(session_.repository.host(), cache_place_, cache, result_.kept.content);
        if (!written) session_.repository.host().log.warning("the next backup will be slower, nothing is lost: what this one has seen cannot be remembered: {}", written.error().message());
    }

    Session::State& session_;
    const VariableRequest request_;
    KeptVariable& result_;
    ExtentEncoder encoder_;
    LineageDictionary dictionary_;
    const HashCachePlace cache_place_;
    std::unique_ptr<OldExtents> old_;
    std::uint64_t seed_ = 0;
};

}  // namespace

Result<KeptVariable> Session::keep_variable(VariableRequest request, const ByteSource& source, const Watch& watch) {
    if (source.size() <= limits::extent_size) return fail(ErrorCode::invalid, "keep: a file of {} bytes is one extent", source.size());
    KeptVariable result;
    TRY(use_before(request.before, result.warnings));
    TRY(Writing(*state_, std::move(request), result).run(source, watch));
    return result;
}

}  // namespace holdfast::repository
