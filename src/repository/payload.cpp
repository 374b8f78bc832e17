#include "holdfast/repository/payload.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::repository {

namespace {

// Positions of a chunk that no copy fills: the residual, in order.
struct Run {
    std::uint32_t position = 0;
    std::uint32_t length = 0;
};

std::vector<Run> runs_left(std::span<const Copy> copies, std::uint32_t plain_size) {
    std::vector<Run> runs;
    std::uint32_t at = 0;
    for (const auto& copy : copies) {
        if (copy.position > at) runs.push_back({.position = at, .length = copy.position - at});
        at = copy.position + copy.length;
    }
    if (plain_size > at) runs.push_back({.position = at, .length = plain_size - at});
    return runs;
}

std::uint32_t length_of(std::span<const Run> runs) {
    std::uint32_t sum = 0;
    for (const auto& run : runs) sum += run.length;
    return sum;
}

// The bytes of `from` at the runs, one after another, as far as it reaches.
Bytes gather(std::span<const Run> runs, ByteView from) {
    Bytes gathered;
    gathered.reserve(length_of(runs));
    for (const auto& run : runs) {
        if (run.position >= from.size()) break;
        append(gathered, from.subspan(run.position, std::min<std::size_t>(run.length, from.size() - run.position)));
    }
    return gathered;
}

void scatter(std::span<const Run> runs, ByteView from, MutableByteView into) {
    for (const auto& run : runs) {
        std::memcpy(into.data() + run.position, from.data(), run.length);
        from = from.subspan(run.length);
    }
}

Bytes joined(std::span<const ByteView> parts) {
    Bytes whole;
    for (const auto& part : parts) append(whole, part);
    return whole;
}

Error bad_payload(std::string_view why) { return fail(ErrorCode::corrupt, "decode chunk: {}", why); }

// zstd gives an empty prefix no meaning of its own: the frame is the same as without one.
Result<Bytes> compress_after(Compressor& compressor, ByteView prefix, ByteView plain) {
    return prefix.empty() ? compressor.compress(plain) : compressor.compress_after(prefix, plain);
}

Result<void> decompress_after(Decompressor& decompressor, ByteView prefix, ByteView frame, MutableByteView into) {
    return prefix.empty() ? decompressor.decompress(frame, into) : decompressor.decompress_after(prefix, frame, into);
}

EncodedChunk encoded(const PlainChunk& chunk, EntryKind kind) {
    HOLDFAST_ASSERT(chunk.bytes.size() <= limits::chunk_size_max);
    return {.type = chunk.type,
            .kind = kind,
            .plain_size = static_cast<std::uint32_t>(chunk.bytes.size()),
            .id = chunk.id,
            .dictionary = {},
            .bases = {},
            .payload = {}};
}

void name_bases(EncodedChunk& chunk, std::span<const Base> bases) {
    HOLDFAST_ASSERT(!bases.empty() && bases.size() <= limits::bases_max);
    for (const auto& base : bases) chunk.bases.push_back(base.id);
}

// --- copy lists as bytes ---

void write_copies(ByteWriter& out, std::span<const Copy> copies) {
    out.varint(copies.size());
    std::uint32_t end = 0;
    for (const auto& copy : copies) {
        out.varint(copy.position - end);
        out.varint(copy.length);
        out.varint(copy.base);
        out.varint(copy.offset);
        end = copy.position + copy.length;
    }
}

bool are_in_order(std::span<const Copy> copies, std::span<const Base> bases, std::size_t plain_size) {
    std::size_t end = 0;
    for (const auto& copy : copies) {
        if (copy.length == 0 || copy.position < end || copy.base >= bases.size()) return false;
        end = std::size_t{copy.position} + copy.length;
        if (end > plain_size || std::size_t{copy.offset} + copy.length > bases[copy.base].bytes.size()) return false;
    }
    return true;
}

// One instruction, checked against what it reads from and writes to. Every value is bounded before it is added.
Result<Copy> read_copy(ByteReader& in, std::span<const ByteView> bases, std::uint64_t end, std::uint64_t plain_size) {
    const std::uint64_t skip = TRY(in.varint());
    const std::uint64_t length = TRY(in.varint());
    const std::uint64_t base = TRY(in.varint());
    const std::uint64_t offset = TRY(in.varint());
    if (skip > plain_size - end) return bad_payload("a copy begins behind the end");
    if (length == 0 || length > plain_size - end - skip) return bad_payload("a copy goes over the end");
    if (base >= bases.size()) return bad_payload("a copy names a base that is not there");
    const std::uint64_t base_size = bases[base].size();
    if (offset > base_size || length > base_size - offset) return bad_payload("a copy reads behind the end of its base");
    return Copy{.position = static_cast<std::uint32_t>(end + skip),
                .length = static_cast<std::uint32_t>(length),
                .base = static_cast<std::uint32_t>(base),
                .offset = static_cast<std::uint32_t>(offset)};
}

Result<std::vector<Copy>> read_copies(ByteReader& in, std::span<const ByteView> bases, std::uint64_t plain_size) {
    constexpr std::size_t copy_size_min = 4;
    const std::uint64_t count = TRY(in.varint());
    if (count > in.remaining() / copy_size_min) return bad_payload("more copies than fit");
    std::vector<Copy> copies;
    copies.reserve(count);
    std::uint64_t end = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        copies.push_back(TRY(read_copy(in, bases, end, plain_size)));
        end = std::uint64_t{copies.back().position} + copies.back().length;
    }
    return copies;
}

Result<void> decode_copy_list(ByteView payload, const DecodeWith& with, MutableByteView into) {
    ByteReader in(payload, "copy list");
    const auto copies = TRY(read_copies(in, with.bases, into.size()));
    const std::uint64_t residual_size = TRY(in.varint());
    const auto runs = runs_left(copies, static_cast<std::uint32_t>(into.size()));
    if (residual_size != length_of(runs)) return bad_payload("its residual has another size than the copies leave");
    for (const auto& copy : copies) {
        std::memcpy(into.data() + copy.position, with.bases[copy.base].data() + copy.offset, copy.length);
    }
    if (residual_size == 0) return in.expect_end();
    Buffer residual(residual_size);
    const Bytes prefix = gather(runs, with.bases[0]);
    TRY(decompress_after(with.decompressor, prefix, TRY(in.bytes(in.remaining())), residual.span()));
    scatter(runs, residual.view(), into);
    return {};
}

Result<void> decode_patch(ByteView payload, const DecodeWith& with, MutableByteView into) {
    if (with.bases.size() == 1) return decompress_after(with.decompressor, with.bases[0], payload, into);
    return decompress_after(with.decompressor, joined(with.bases), payload, into);
}

}  // namespace

Result<EncodedChunk> encode_plain(const PlainChunk& chunk, Compressor& compressor, const NamedDictionary* dictionary) {
    EncodedChunk compressed = encoded(chunk, EntryKind::compressed);
    compressed.payload = TRY(compressor.compress(chunk.bytes, dictionary == nullptr ? nullptr : dictionary->dictionary));
    if (compressed.payload.size() < chunk.bytes.size()) {
        if (dictionary != nullptr) compressed.dictionary = dictionary->id;
        return compressed;
    }
    EncodedChunk raw = encoded(chunk, EntryKind::raw);
    raw.payload = copy_of(chunk.bytes);
    return raw;
}

Result<EncodedChunk> encode_patch(const PlainChunk& chunk, std::span<const Base> bases, Compressor& compressor) {
    EncodedChunk patch = encoded(chunk, EntryKind::patch);
    name_bases(patch, bases);
    std::vector<ByteView> parts;
    for (const auto& base : bases) parts.push_back(base.bytes);
    const Bytes whole = parts.size() == 1 ? Bytes{} : joined(parts);
    patch.payload = TRY(compress_after(compressor, parts.size() == 1 ? parts[0] : ByteView(whole), chunk.bytes));
    return patch;
}

Result<EncodedChunk> encode_copy_list(const PlainChunk& chunk, std::span<const Base> bases, std::span<const Copy> copies,
                                      Compressor& compressor) {
    EncodedChunk list = encoded(chunk, EntryKind::copy_list);
    name_bases(list, bases);
    HOLDFAST_ASSERT(are_in_order(copies, bases, chunk.bytes.size()));
    const auto runs = runs_left(copies, list.plain_size);
    ByteWriter out;
    write_copies(out, copies);
    out.varint(length_of(runs));
    if (!runs.empty()) {
        // Only the old bytes of what changed are loaded as prefix: loading a whole extent would cost more than all else.
        out.bytes(TRY(compress_after(compressor, gather(runs, bases[0].bytes), gather(runs, chunk.bytes))));
    }
    list.payload = std::move(out).take();
    return list;
}

std::vector<Copy> copies_in_place(ByteView before, ByteView plain, std::uint32_t unit) {
    HOLDFAST_ASSERT(unit > 0);
    std::vector<Copy> copies;
    for (std::size_t at = 0; at < plain.size(); at += unit) {
        const std::size_t length = std::min<std::size_t>(unit, plain.size() - at);
        if (before.size() < at + length) break;
        if (std::memcmp(before.data() + at, plain.data() + at, length) != 0) continue;
        const auto position = static_cast<std::uint32_t>(at);
        if (!copies.empty() && copies.back().position + copies.back().length == position) {
            copies.back().length += static_cast<std::uint32_t>(length);
        } else {
            copies.push_back({.position = position, .length = static_cast<std::uint32_t>(length), .base = 0, .offset = position});
        }
    }
    return copies;
}

Result<void> decode_payload(const EntryHeader& header, ByteView payload, const DecodeWith& with, MutableByteView into) {
    HOLDFAST_ASSERT(with.bases.size() == header.bases.size());
    HOLDFAST_ASSERT(header.dictionary.has_value() == (with.dictionary != nullptr));
    if (into.size() != header.plain_size) {
        return bad_payload(format("{} bytes where {} are wanted", header.plain_size, into.size()));
    }
    switch (header.kind) {
        case EntryKind::raw:
            if (payload.size() != into.size()) return bad_payload("a raw payload of another size");
            std::copy(payload.begin(), payload.end(), into.begin());  // std::ranges::copy goes byte by byte with gcc 12
            return {};
        case EntryKind::compressed: return with.decompressor.decompress(payload, into, with.dictionary);
        case EntryKind::patch: return decode_patch(payload, with, into);
        case EntryKind::copy_list: return decode_copy_list(payload, with, into);
    }
    return bad_payload("a kind that is not known");
}

}  // namespace holdfast::repository
