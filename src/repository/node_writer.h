// NodeWriter: nodes of one tree on their way into packs; the root beside the directory, where it belongs.
#pragma once

#include "holdfast/base/compress.h"
#include "holdfast/repository/content_writer.h"
#include "holdfast/repository/packer.h"
#include "holdfast/repository/payload.h"

namespace holdfast::repository {

// One thread.
class NodeWriter {
public:
    struct Places {
        const Keys& keys;
        const ChunkReader& chunks;
        Packer& packer;
        Reuse& reuse;
        RootNode root;
        int compression_level;
    };
    explicit NodeWriter(const Places& places) : places_(places), compressor_(places.compression_level) {}

    enum class Rank : std::uint8_t { root, inner };
    struct Place {
        Rank rank = Rank::inner;
        // The node that stood there in the content before, in a pack: what this one may be, or lean on.
        std::optional<ChunkId> before = {};
    };
    Result<ChunkId> keep(const Node& node, const Place& place);

    std::optional<Bytes> take_root_node() { return std::move(root_node_); }  // of a root kept beside
    std::uint64_t bytes_stored() const { return bytes_stored_; }

private:
    Result<EncodedChunk> encode(const PlainChunk& node, const Place& place);
    std::optional<EncodedChunk> encode_after(const ChunkId& before, const PlainChunk& node);

    const Places places_;
    Compressor compressor_;
    std::optional<Bytes> root_node_;
    std::uint64_t bytes_stored_ = 0;
};

}  // namespace holdfast::repository
