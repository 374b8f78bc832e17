// Hashing: chunk ids (HMAC-SHA-256) of extents, plain SHA-256, and XXH3 of extents and of single pages.
#include <benchmark/benchmark.h>

#include "holdfast/base/hash.h"
#include "inputs.h"

namespace holdfast::bench {
namespace {

// Calls `hash` with each whole piece of the database in turn.
template <typename HashOne>
void hash_pieces(benchmark::State& state, HashOne hash) {
    const ByteView file = two_days().before;
    const auto size = static_cast<std::size_t>(state.range(0));
    std::size_t at = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        benchmark::DoNotOptimize(hash(file.subspan(at, size)));
        at = at + 2 * size <= file.size() ? at + size : 0;
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void hash_chunk_id(benchmark::State& state) {
    const KeyedHash name(Bytes(32, std::byte{7}));
    hash_pieces(state, [&](ByteView bytes) { return name(1, bytes); });
}
void hash_sha256(benchmark::State& state) {
    hash_pieces(state, [](ByteView bytes) { return sha256(bytes); });
}
void hash_xxh3_128(benchmark::State& state) {
    hash_pieces(state, [](ByteView bytes) { return fingerprint(bytes, 42); });
}
void hash_xxh3_64(benchmark::State& state) {
    hash_pieces(state, [](ByteView bytes) { return short_fingerprint(bytes, 42); });
}

BENCHMARK(hash_chunk_id)->Arg(page_bytes)->Arg(limits::extent_size);
BENCHMARK(hash_sha256)->Arg(limits::extent_size);
BENCHMARK(hash_xxh3_128)->Arg(limits::extent_size);
BENCHMARK(hash_xxh3_64)->Arg(page_bytes);

}  // namespace
}  // namespace holdfast::bench
