#include "holdfast/repository/node_writer.h"

namespace holdfast::repository {

Result<ChunkId> NodeWriter::keep(const Node& node, const Place& place) {
    Bytes bytes = encode_node(node);
    const ChunkId id = places_.keys.name_of(ChunkType::node, bytes);
    if (place.rank == Rank::root && places_.root == RootNode::beside) {
        root_node_ = std::move(bytes);
        return id;
    }
    if (place.before == id && !places_.reuse.proves()) return id;
    if (places_.packer.has(id) || TRY(places_.reuse.has(id, ChunkType::node))) return id;
    const auto encoded = TRY(encode({.type = ChunkType::node, .id = id, .bytes = bytes}, place));
    bytes_stored_ += TRY(places_.packer.add(encoded));
    return id;
}

Result<EncodedChunk> NodeWriter::encode(const PlainChunk& node, const Place& place) {
    // Ids do not compress: a patch pays as long as it is smaller than half of the node.
    auto patch = place.before ? encode_after(*place.before, node) : std::nullopt;
    if (patch && patch->payload.size() <= node.bytes.size() / 2) return *std::move(patch);
    return encode_plain(node, compressor_);
}

// None whenever the node before cannot serve; then this one is simply stored whole.
std::optional<EncodedChunk> NodeWriter::encode_after(const ChunkId& before, const PlainChunk& node) {
    const auto place = places_.reuse.plain_in_place_of(before);
    if (!place || !*place) return std::nullopt;
    const auto bytes = places_.chunks.read_cached((*place)->id, ChunkType::node);
    if (!bytes) return std::nullopt;
    const Base base{.id = (*place)->id, .bytes = **bytes};
    auto patch = encode_patch(node, {&base, 1}, compressor_);
    if (!patch) return std::nullopt;
    places_.reuse.rely_on(**place);
    return *std::move(patch);
}

}  // namespace holdfast::repository
