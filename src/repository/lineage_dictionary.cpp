#include "holdfast/repository/lineage_dictionary.h"

#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/dictionary_training.h"
#include "holdfast/repository/session_state.h"

namespace holdfast::repository {

Result<bool> LineageDictionary::take_over(const std::optional<ChunkId>& before, ExtentEncoder& encoder) {
    if (!before || !TRY(session_.reuse->has_dictionary(*before))) return false;
    id_ = before;
    encoder.use_dictionary(*id_, [&session = session_, id = *id_]() -> Result<Dictionary> {
        return Dictionary::load(TRY(get_dictionary(session.store(), session.keys(), id)), session.compression_level());
    });
    return true;
}

Result<void> LineageDictionary::train(const ByteSource& source, std::uint32_t unit, ExtentEncoder& encoder) {
    if (source.size() < dictionary_source_min) return {};
    auto trained = TRY(train_on_sample(source, unit, session_.random()));
    if (!trained) return {};
    const ChunkId id = session_.keys().name_of(ChunkType::dictionary, *trained);
    // One that a prune is about to remove is not written again under its feet.
    if (session_.reuse->is_condemned_dictionary(id)) return {};
    id_ = TRY(put_dictionary(session_.store(), session_.keys(), session_.random(), *trained));
    session_.bytes_beside_packs += 2 * trained->size();
    bytes_stored_ += 2 * trained->size();
    encoder.use_dictionary(*id_, [bytes = *std::move(trained), level = session_.compression_level()] { return Dictionary::load(bytes, level); });
    return {};
}

}  // namespace holdfast::repository
