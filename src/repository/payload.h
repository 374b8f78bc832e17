// Payloads: how a chunk's plain bytes become an entry's payload, and back (docs/formats/repository.md, 6).
#pragma once

#include <span>
#include <vector>

#include "holdfast/base/compress.h"
#include "holdfast/repository/pack.h"

namespace holdfast::repository {

struct PlainChunk {
    ChunkType type = ChunkType::extent;
    ChunkId id;
    ByteView bytes;  // at most chunk_size_max
};
// A chunk that others lean on: stored raw or compressed itself.
struct Base {
    ChunkId id;
    ByteView bytes;
};
struct NamedDictionary {
    ChunkId id;
    const Dictionary* dictionary = nullptr;
};

// Compressed, or raw when that does not make it smaller.
Result<EncodedChunk> encode_plain(const PlainChunk& chunk, Compressor& compressor, const NamedDictionary* dictionary = nullptr);

// Compressed with the bases' bytes, one after another, as prefix. One to bases_max bases.
Result<EncodedChunk> encode_patch(const PlainChunk& chunk, std::span<const Base> bases, Compressor& compressor);

// `length` bytes at `position` of the chunk are those at `offset` of base number `base`. All lie inside both.
struct Copy {
    std::uint32_t position = 0;
    std::uint32_t length = 0;
    std::uint32_t base = 0;
    std::uint32_t offset = 0;
    bool operator==(const Copy&) const = default;
};
// `copies` ascend and do not overlap. What they leave is compressed after base 0's bytes at the same positions.
Result<EncodedChunk> encode_copy_list(const PlainChunk& chunk, std::span<const Base> bases, std::span<const Copy> copies,
                                      Compressor& compressor);

// The copies for units (pages) of `plain` that are equal to the same unit of `before`; neighbours become one copy.
std::vector<Copy> copies_in_place(ByteView before, ByteView plain, std::uint32_t unit);

// What decoding needs besides the payload. bases: plain bytes, in the header's order.
struct DecodeWith {
    Decompressor& decompressor;
    std::span<const ByteView> bases;
    const Dictionary* dictionary = nullptr;  // given when the header names one
};
// Fills `into`, which is not proven by that: the caller checks the id. corrupt: the payload, or a size, is wrong; then
// `into` holds anything.
Result<void> decode_payload(const EntryHeader& header, ByteView payload, const DecodeWith& with, MutableByteView into);

}  // namespace holdfast::repository
