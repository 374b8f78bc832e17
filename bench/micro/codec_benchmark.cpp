// Codec: extents compressed plain, with a dictionary, as a patch and as a copy list on the extent before, and decoded.
#include <benchmark/benchmark.h>

#include "holdfast/base/compress.h"
#include "holdfast/repository/payload.h"
#include "holdfast/repository/session_state.h"
#include "inputs.h"

namespace holdfast::bench {
namespace {

using namespace repository;

constexpr int level = default_compression_level;

const Bytes& trained() {
    static const Bytes bytes = [] {
        constexpr std::size_t dictionary_bytes = 110 * 1024, samples_max = 1000;
        Bytes samples;
        std::vector<std::size_t> sizes;
        const ByteView file = two_days().before;
        const std::size_t pages = file.size() / page_bytes, step = std::max<std::size_t>(1, pages / samples_max);
        for (std::size_t page = 0; page < pages; page += step) {
            append(samples, file.subspan(page * page_bytes, page_bytes));
            sizes.push_back(page_bytes);
        }
        return must(train_dictionary(samples, sizes, dictionary_bytes));
    }();
    return bytes;
}

// How an extent's stored form is made.
enum class Form { plain, with_dictionary, patch, copy_list };

class Codec {
public:
    explicit Codec(Form form) : form_(form), dictionary_(must(Dictionary::load(trained(), level))) {}

    EncodedChunk encode(std::size_t extent) {
        const PlainChunk chunk{.id = {}, .bytes = extent_of(two_days().after, extent)};
        const Base base{.id = {}, .bytes = before(extent)};
        const NamedDictionary named{.id = {}, .dictionary = &dictionary_};
        switch (form_) {
            case Form::plain: break;
            case Form::with_dictionary: return must(encode_plain(chunk, compressor_, &named));
            case Form::patch: return must(encode_patch(chunk, {&base, 1}, compressor_));
            case Form::copy_list:
                return must(encode_copy_list(chunk, {&base, 1}, copies_in_place(base.bytes, chunk.bytes, page_bytes), compressor_));
        }
        return must(encode_plain(chunk, compressor_));
    }
    void decode(std::size_t extent, const EncodedChunk& chunk, MutableByteView into) {
        const EntryHeader header{.type = chunk.type,
                                 .kind = chunk.kind,
                                 .slot = 0,
                                 .plain_size = chunk.plain_size,
                                 .payload_size = static_cast<std::uint32_t>(chunk.payload.size()),
                                 .id = chunk.id,
                                 .dictionary = chunk.dictionary,
                                 .bases = chunk.bases};
        const ByteView base = before(extent);
        const bool leans = form_ == Form::patch || form_ == Form::copy_list;
        const std::span<const ByteView> bases(&base, leans ? 1 : 0);
        const Dictionary* dictionary = chunk.dictionary ? &dictionary_ : nullptr;
        must(decode_payload(header, chunk.payload,
                            {.decompressor = decompressor_, .bases = bases, .dictionary = dictionary}, into));
    }
    // What the form is for: extents that changed, or all.
    std::vector<std::size_t> extents() const {
        if (form_ == Form::patch || form_ == Form::copy_list) return changed_extents();
        std::vector<std::size_t> all;
        for (std::size_t i = 0; i < extents_in(two_days().after); ++i) all.push_back(i);
        return all;
    }

private:
    static ByteView before(std::size_t extent) { return extent_of(two_days().before, extent); }

    Form form_;
    Dictionary dictionary_;
    Compressor compressor_{level};
    Decompressor decompressor_;
};

void codec_encode(benchmark::State& state, Form form) {
    Codec codec(form);
    const auto extents = codec.extents();
    std::size_t turn_number = 0, stored = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        const auto chunk = codec.encode(extents[turn_number++ % extents.size()]);
        stored += chunk.payload.size();
        benchmark::DoNotOptimize(chunk.payload.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(limits::extent_size));
    state.counters["stored"] = benchmark::Counter(static_cast<double>(stored), benchmark::Counter::kAvgIterations);
}

void codec_decode(benchmark::State& state, Form form) {
    Codec codec(form);
    const auto extents = codec.extents();
    std::vector<EncodedChunk> chunks;
    for (const auto extent : extents) chunks.push_back(codec.encode(extent));
    Bytes into(limits::extent_size);
    std::size_t turn_number = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        const std::size_t which = turn_number++ % extents.size();
        codec.decode(extents[which], chunks[which], into);
        benchmark::DoNotOptimize(into.data());
    }
    if (!std::ranges::equal(into, extent_of(two_days().after, extents[(turn_number - 1) % extents.size()]))) {
        state.SkipWithError("what was decoded is not what was encoded");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(limits::extent_size));
}

// Finding the pages that stayed, which comes before a copy list.
void codec_find_copies(benchmark::State& state) {
    const auto& [before, after] = two_days();
    const auto extents = changed_extents();
    std::size_t turn_number = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        const std::size_t extent = extents[turn_number++ % extents.size()];
        benchmark::DoNotOptimize(copies_in_place(extent_of(before, extent), extent_of(after, extent), page_bytes));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(limits::extent_size));
}

BENCHMARK_CAPTURE(codec_encode, plain, Form::plain);
BENCHMARK_CAPTURE(codec_encode, dictionary, Form::with_dictionary);
BENCHMARK_CAPTURE(codec_encode, patch, Form::patch);
BENCHMARK_CAPTURE(codec_encode, copy_list, Form::copy_list);
BENCHMARK_CAPTURE(codec_decode, plain, Form::plain);
BENCHMARK_CAPTURE(codec_decode, dictionary, Form::with_dictionary);
BENCHMARK_CAPTURE(codec_decode, patch, Form::patch);
BENCHMARK_CAPTURE(codec_decode, copy_list, Form::copy_list);
BENCHMARK(codec_find_copies);

}  // namespace
}  // namespace holdfast::bench
