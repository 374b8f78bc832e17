// What the repository's tests are built from: keys, bytes that compress or do not, and a store with chunks kept in it.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "holdfast/base/compress.h"
#include "holdfast/host/host.h"
#include "holdfast/repository/chunk_reader.h"
#include "holdfast/repository/payload.h"
#include "support/memory_store.h"
#include "support/results.h"
#include "support/seeded_random.h"
#include "support/temporary_folder.h"

namespace holdfast::repository {

using tests::FailsWith;
using tests::must;
using tests::Succeeds;
using tests::TemporaryFolder;

enum class Sealing { plain, sealed };

inline SecretBytes test_key(std::uint8_t fill) { return SecretBytes(Bytes(32, std::byte{fill})); }

inline Keys test_keys(Sealing sealing) {
    if (sealing == Sealing::plain) return Keys::plain(test_key(7).view());
    std::map<std::uint32_t, SecretBytes> epochs;
    epochs.emplace(1u, test_key(8));
    epochs.emplace(2u, test_key(9));
    return Keys::sealed(test_key(7), std::move(epochs));
}

inline std::string name_of_sealing(const ::testing::TestParamInfo<Sealing>& info) {
    return info.param == Sealing::plain ? "plain" : "sealed";
}

inline Bytes random_bytes(std::uint64_t seed, std::size_t size) {
    tests::SeededRandom random(seed);
    return host::random_bytes(random, size);
}

// Looks like rows of an application: compresses to about a third.
inline Bytes row_like_bytes(std::uint64_t seed, std::size_t size) {
    static constexpr std::string_view words[] = {"order", "customer", "2026-11-21T02:", "pending", "shipped", "invoice", "EUR", "note:"};
    std::mt19937_64 engine(seed);
    std::string text;
    while (text.size() < size) text += format("{}:{};", words[engine() % std::size(words)], engine() % 100'000);
    return copy_of(bytes_of(std::string_view(text).substr(0, size)));
}

// A dictionary for such bytes.
inline Bytes row_like_dictionary(std::size_t size) {
    Bytes samples;
    std::vector<std::size_t> sizes;
    for (std::uint64_t i = 0; i < 100; ++i) {
        append(samples, row_like_bytes(100 + i, 4096));
        sizes.push_back(4096);
    }
    return train_dictionary(samples, sizes, size).value();
}

inline Bytes flipped(ByteView bytes, std::uint64_t bit) {
    Bytes copy = copy_of(bytes);
    copy[bit / 8] ^= std::byte{1} << (bit % 8);
    return copy;
}

// Stands still, at a time that shows in nothing.
class FixedClock final : public host::Clock {
public:
    Timestamp now() override { return {1'780'000'000'000'000'000}; }
    std::int64_t monotonic_ns() override { return 0; }
    void sleep_ms(std::int64_t) override {}
};

// A host whose files nobody touches here.
inline host::Host test_host(host::Random& random) {
    static FixedClock clock;
    return {.files = host::posix_file_system(), .clock = clock, .random = random, .log = host::silent_log()};
}

// A store with packs and an index, filled entry by entry.
class Keeping {
public:
    explicit Keeping(Sealing sealing) : keys(test_keys(sealing)), index(must(Index::open(store, keys))) { begin_pack(); }

    ChunkId name_of(ByteView plain, ChunkType type = ChunkType::extent) const { return keys.name_of(type, plain); }
    PlainChunk chunk(ByteView plain, ChunkType type = ChunkType::extent) const {
        return {.type = type, .id = name_of(plain, type), .bytes = plain};
    }
    // Into the pack being built.
    ChunkId keep(const EncodedChunk& encoded) {
        const std::uint32_t offset = must(pack_->add(encoded));
        const auto size = static_cast<std::uint32_t>(pack_->size() - offset);
        entries_.push_back({.id = encoded.id,
                            .place = {.pack = {}, .offset = offset, .stored_size = size},
                            .plain_size = encoded.plain_size,
                            .type = encoded.type,
                            .kind = encoded.kind,
                            .bases = encoded.bases,
                            .dictionary = encoded.dictionary});
        return encoded.id;
    }
    ChunkId keep_plain(ByteView plain, ChunkType type = ChunkType::extent) {
        return keep(must(encode_plain(chunk(plain, type), compressor)));
    }
    ChunkId keep_patch(ByteView plain, ByteView base, ChunkType type = ChunkType::extent) {
        const Base lean{.id = name_of(base, type), .bytes = base};
        return keep(must(encode_patch(chunk(plain, type), {&lean, 1}, compressor)));
    }
    // Puts the pack, tells the index, begins the next one.
    PackId put_pack() {
        auto finished = std::move(*pack_).finish();
        must(store.put_if_absent(pack_name(finished.id), finished.bytes));
        for (auto& entry : entries_) {
            entry.place.pack = finished.id;
            index->add(entry);
        }
        entries_.clear();
        begin_pack();
        return finished.id;
    }
    PackId finish() {
        const PackId pack = put_pack();
        must(index->flush(random));
        return pack;
    }

    tests::MemoryStore store;
    tests::SeededRandom random;
    Keys keys;
    std::unique_ptr<Index> index;
    Compressor compressor{3};

private:
    void begin_pack() { pack_.emplace(must(PackBuilder::begin(keys, random))); }
    std::optional<PackBuilder> pack_;
    std::vector<IndexEntry> entries_;
};

}  // namespace holdfast::repository
