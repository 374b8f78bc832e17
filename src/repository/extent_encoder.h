// ExtentEncoder: the smallest sensible stored form of an extent: plain, or as what differs from earlier chunks.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "holdfast/repository/moved_units.h"
#include "holdfast/repository/parent_tree.h"
#include "holdfast/repository/payload.h"
#include "holdfast/repository/reuse.h"

namespace holdfast::repository {

// An extent that changed, and what is known of it.
struct ChangedExtent {
    std::uint64_t number = 0;
    PlainChunk chunk;
    std::optional<ChunkId> before;          // the parent's chunk at the same place
    std::span<const std::uint32_t> tails;   // fingerprints of the ends of its units (unit_prints.h)
};

// Thread-safe.
class ExtentEncoder {
public:
    struct Places {
        const ChunkReader& chunks;
        Reuse& reuse;
        const ParentTree* parent;  // null: there is none
        std::uint32_t unit;
        int compression_level;
    };
    explicit ExtentEncoder(const Places& places) : places_(places) {}

    // What plain chunks are compressed with from here on: fetched once, by the first that needs it. A failure to get it
    // only means that they are compressed without.
    using GetDictionary = std::function<Result<Dictionary>()>;
    void use_dictionary(const ChunkId& id, GetDictionary get);
    // Pages may have moved, from here on: they are looked for among all pages of the content before. Must outlive this.
    void look_for_moved(const MovedUnits* moved) { moved_ = moved; }

    // What the caller may put off, because it is little like what lay there before.
    enum class Rewritten { store, put_off };
    struct Encoded {
        std::optional<EncodedChunk> chunk;
        bool is_put_off = false;  // then `chunk` is how it leans on what lay there, if that is worth it
    };
    Result<Encoded> encode(const ChangedExtent& extent, Rewritten rewritten = Rewritten::store);

    // One that was put off: as a patch on these, or leaning in place, or plain.
    Result<EncodedChunk> encode_rewritten(const PlainChunk& chunk, const std::vector<Reuse::PlainChunkPlace>& bases, std::optional<EncodedChunk> in_place);

private:
    struct Leaning;
    struct Leant {
        EncodedChunk chunk;
        std::uint32_t base_stored = 0;  // of its first base
        bool has_moved = false;         // it leans on other places than its own
    };
    class Borrowed;
    NamedDictionary dictionary();
    std::optional<Leant> encode_leaning(const ChangedExtent& extent, Compressor& compressor);
    std::optional<Leant> encode_copies(const PlainChunk& chunk, const Leaning& leaning, Compressor& compressor);
    std::optional<Leant> encode_patch_on(const PlainChunk& chunk, const std::vector<Reuse::PlainChunkPlace>& places, Compressor& compressor);
    Result<EncodedChunk> plain(const PlainChunk& chunk, Compressor& compressor);
    std::optional<Leaning> lean_on_moved(const ChangedExtent& extent, const MovedUnits& moved);

    const Places places_;
    std::atomic<const MovedUnits*> moved_ = nullptr;

    std::mutex dictionary_mutex_;  // guards the three below; held while the dictionary is fetched, which others wait for
    std::optional<ChunkId> dictionary_id_;
    GetDictionary get_dictionary_;
    std::optional<Dictionary> dictionary_;

    std::mutex compressors_mutex_;  // guards the compressors nobody is using
    std::vector<Compressor> compressors_;
};

}  // namespace holdfast::repository
