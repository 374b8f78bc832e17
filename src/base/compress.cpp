#include "holdfast/base/compress.h"

#define ZDICT_STATIC_LINKING_ONLY  // for the fast trainer and a dictionary's own parameters, which libzstd exports
#define ZSTD_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast {

namespace {

struct FreeDigested {
    void operator()(ZSTD_CDict* digested) const { ZSTD_freeCDict(digested); }
    void operator()(ZSTD_DDict* digested) const { ZSTD_freeDDict(digested); }
};
using DigestedToCompress = std::unique_ptr<ZSTD_CDict, FreeDigested>;
using DigestedToDecompress = std::unique_ptr<ZSTD_DDict, FreeDigested>;

std::uint64_t next_number() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

}  // namespace

struct Dictionary::Digested {
    const std::uint64_t number = next_number();  // no other dictionary of the process has had it
    Bytes bytes;
    DigestedToCompress compress;
    DigestedToDecompress decompress;  // refers to the bytes
};

Dictionary::Dictionary(std::unique_ptr<Digested> digested) : digested_(std::move(digested)) {}
Dictionary::Dictionary(Dictionary&&) noexcept = default;
Dictionary& Dictionary::operator=(Dictionary&&) noexcept = default;
Dictionary::~Dictionary() = default;

namespace {

// What ZSTD_createCDict() takes for the level, but that the fast levels look for longer matches only (decision 0008).
ZSTD_compressionParameters parameters_of(int level, std::size_t dictionary_size) {
    constexpr unsigned match_min = 6;
    auto parameters = ZSTD_getCParams(level, ZSTD_CONTENTSIZE_UNKNOWN, dictionary_size);
    if (parameters.strategy == ZSTD_fast) parameters.minMatch = std::max(parameters.minMatch, match_min);
    return parameters;
}

Error not_one(ByteView bytes) { return fail(ErrorCode::corrupt, "load a compression dictionary: its {} bytes are not one", bytes.size()); }

}  // namespace

Result<Dictionary> Dictionary::load(ByteView bytes, int level) {
    auto dictionary = TRY(load_to_decompress(bytes));
    dictionary.digested_->compress.reset(ZSTD_createCDict_advanced(bytes.data(), bytes.size(), ZSTD_dlm_byCopy, ZSTD_dct_auto,
                                                                   parameters_of(level, bytes.size()), ZSTD_defaultCMem));
    if (!dictionary.digested_->compress) return not_one(bytes);
    return dictionary;
}

Result<Dictionary> Dictionary::load_to_decompress(ByteView bytes) {
    constexpr std::size_t size_min = 8;  // fewer bytes zstd leaves out without a word
    if (bytes.size() < size_min) return not_one(bytes);
    auto digested = std::make_unique<Digested>();
    digested->bytes = copy_of(bytes);
    digested->decompress.reset(ZSTD_createDDict_byReference(digested->bytes.data(), bytes.size()));
    if (!digested->decompress) return not_one(bytes);
    return Dictionary(std::move(digested));
}

Result<Bytes> train_dictionary(ByteView samples, const std::vector<std::size_t>& sample_sizes, std::size_t size_max) {
    HOLDFAST_ASSERT(std::accumulate(sample_sizes.begin(), sample_sizes.end(), std::size_t{0}) <= samples.size());
    Bytes dictionary(size_max);
    ZDICT_fastCover_params_t parameters{};
    parameters.k = 1024;
    parameters.d = 8;
    parameters.f = 20;
    parameters.accel = 4;
    const std::size_t size = ZDICT_trainFromBuffer_fastCover(dictionary.data(), dictionary.size(), samples.data(), sample_sizes.data(),
                                                             static_cast<unsigned>(sample_sizes.size()), parameters);
    if (ZDICT_isError(size) != 0) return Bytes{};  // too little to learn from
    dictionary.resize(size);
    return dictionary;
}

constexpr std::size_t far_prefix_min = 128 * 1024;

struct Compressor::State {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    Buffer scratch;  // as large as the worst frame; a frame handed out owns its own size only
    ~State() { ZSTD_freeCCtx(context); }

    // A fresh session, whatever became of the one before, with this dictionary or none.
    void begin(const ZSTD_CDict* dictionary) {
        HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)) == 0);
        HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_refCDict(context, dictionary)) == 0);
    }
    // The fast levels remember too few places of a prefix of several chunks.
    void look_far(bool is_far) {
        const auto set = [&](ZSTD_cParameter parameter, int value) {
            HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, is_far ? value : 0)) == 0);
        };
        set(ZSTD_c_strategy, ZSTD_dfast);
        set(ZSTD_c_windowLog, 21);
        set(ZSTD_c_hashLog, 18);
        set(ZSTD_c_chainLog, 18);
        set(ZSTD_c_minMatch, 5);
    }
    Result<Bytes> run(ByteView plain) {
        const std::size_t bound = ZSTD_compressBound(plain.size());
        if (scratch.size() < bound) scratch = Buffer(bound);
        const std::size_t size = ZSTD_compress2(context, scratch.data(), scratch.size(), plain.data(), plain.size());
        if (ZSTD_isError(size) != 0) return fail(ErrorCode::bug, "compress {} bytes: {}", plain.size(), ZSTD_getErrorName(size));
        return copy_of(scratch.view().first(size));
    }
};

Compressor::Compressor(int level) : state_(std::make_unique<State>()) {
    HOLDFAST_ASSERT(state_->context != nullptr);
    const auto set = [&](ZSTD_cParameter parameter, int value) {
        HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(state_->context, parameter, value)) == 0);
    };
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_contentSizeFlag, 0);
    set(ZSTD_c_checksumFlag, 0);
    set(ZSTD_c_dictIDFlag, 0);
}
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Result<Bytes> Compressor::compress(ByteView plain, const Dictionary* dictionary) {
    HOLDFAST_ASSERT(dictionary == nullptr || dictionary->digested_->compress != nullptr);
    state_->begin(dictionary == nullptr ? nullptr : dictionary->digested_->compress.get());
    return state_->run(plain);
}

Result<Bytes> Compressor::compress_after(ByteView prefix, ByteView plain) {
    state_->begin(nullptr);
    state_->look_far(prefix.size() > far_prefix_min);
    HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_refPrefix(state_->context, prefix.data(), prefix.size())) == 0);
    auto frame = state_->run(plain);
    state_->look_far(false);
    return frame;
}

struct Decompressor::State {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    ~State() { ZSTD_freeDCtx(context); }

    // What zstd unpacks right behind a dictionary it takes for one run of bytes with it. Anywhere else each of the many
    // short matches in the dictionary is a call of memmove(): to copy the whole afterwards costs less.
    struct Bench {
        std::uint64_t dictionary = 0;  // its number
        Buffer bytes;                  // a copy of it, then room for a chunk
        DigestedToDecompress digested;
    };
    Bench bench;
    unsigned chunks = 0;
    static constexpr unsigned chunks_few = 8;  // the bench is not worth its making
    static constexpr std::size_t room_of_bench = limits::extent_size;

    // None: not yet, or there is no memory for it.
    std::byte* place_behind(std::uint64_t number, ByteView dictionary) {
        if (chunks < chunks_few) {
            ++chunks;
            return nullptr;
        }
        if (bench.dictionary != number) {
            bench = {};
            Buffer bytes(dictionary.size() + room_of_bench);
            std::memcpy(bytes.data(), dictionary.data(), dictionary.size());
            bench.digested.reset(ZSTD_createDDict_byReference(bytes.data(), dictionary.size()));
            bench.bytes = std::move(bytes);
            bench.dictionary = number;
        }
        return bench.digested ? bench.bytes.data() + dictionary.size() : nullptr;
    }
};
Decompressor::Decompressor() : state_(std::make_unique<State>()) {
    HOLDFAST_ASSERT(state_->context != nullptr);
}
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

namespace {

// zstd would go on to whatever frames follow; ours is one, and all of it.
Result<void> expect_one_frame(ByteView frame) {
    const std::size_t size = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
    if (ZSTD_isError(size) != 0) return fail(ErrorCode::corrupt, "decompress: {}", ZSTD_getErrorName(size));
    if (size != frame.size()) return fail(ErrorCode::corrupt, "decompress: {} bytes follow the frame", frame.size() - size);
    return {};
}

Result<void> check_decompression(std::size_t size, std::size_t expected) {
    if (ZSTD_isError(size) != 0) return fail(ErrorCode::corrupt, "decompress: {}", ZSTD_getErrorName(size));
    if (size != expected) return fail(ErrorCode::corrupt, "decompress: {} bytes came out where {} were kept", size, expected);
    return {};
}

}  // namespace

Result<void> Decompressor::decompress(ByteView frame, MutableByteView into, const Dictionary* dictionary) {
    TRY(expect_one_frame(frame));
    ZSTD_DCtx* const context = state_->context;
    if (dictionary == nullptr) {
        return check_decompression(ZSTD_decompressDCtx(context, into.data(), into.size(), frame.data(), frame.size()), into.size());
    }
    const auto& digested = *dictionary->digested_;
    std::byte* behind = into.size() <= State::room_of_bench ? state_->place_behind(digested.number, digested.bytes) : nullptr;
    const std::size_t size = ZSTD_decompress_usingDDict(context, behind ? behind : into.data(), into.size(), frame.data(), frame.size(),
                                                        behind ? state_->bench.digested.get() : digested.decompress.get());
    TRY(check_decompression(size, into.size()));
    if (behind) std::memcpy(into.data(), behind, into.size());
    return {};
}

Result<void> Decompressor::decompress_after(ByteView prefix, ByteView frame, MutableByteView into) {
    TRY(expect_one_frame(frame));
    HOLDFAST_ASSERT(ZSTD_isError(ZSTD_DCtx_reset(state_->context, ZSTD_reset_session_only)) == 0);
    HOLDFAST_ASSERT(ZSTD_isError(ZSTD_DCtx_refPrefix(state_->context, prefix.data(), prefix.size())) == 0);
    const std::size_t size = ZSTD_decompressDCtx(state_->context, into.data(), into.size(), frame.data(), frame.size());
    return check_decompression(size, into.size());
}

}  // namespace holdfast
