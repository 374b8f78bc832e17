// zstd: compression with an optional dictionary, or with earlier bytes as prefix (never both), and training.
#pragma once

#include <memory>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast {

// A dictionary, digested once. Immutable and thread-safe.
class Dictionary {
public:
    // What train_dictionary() gave, or any other bytes to refer to; `corrupt` when they begin as a trained dictionary
    // and are none, or are too few to be used. `level` is the one that compression with it has.
    static Result<Dictionary> load(ByteView bytes, int level);
    // The same, to decompress with only: digesting for the other side takes several times as long.
    static Result<Dictionary> load_to_decompress(ByteView bytes);
    Dictionary(Dictionary&&) noexcept;
    Dictionary& operator=(Dictionary&&) noexcept;
    ~Dictionary();

private:
    friend class Compressor;
    friend class Decompressor;
    struct Digested;
    explicit Dictionary(std::unique_ptr<Digested> digested);
    std::unique_ptr<Digested> digested_;
};

// At most size_max bytes that help to compress texts like the samples (concatenated, one size each); empty when the
// samples are too few to train on. Cost grows with the samples: give a bounded number.
Result<Bytes> train_dictionary(ByteView samples, const std::vector<std::size_t>& sample_sizes, std::size_t size_max);

// One frame without a checksum or a size of its own: whoever stores it keeps the plain size. One thread at a time.
class Compressor {
public:
    explicit Compressor(int level);
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;
    ~Compressor();
    Result<Bytes> compress(ByteView plain, const Dictionary* dictionary = nullptr);
    Result<Bytes> compress_after(ByteView prefix, ByteView plain);

private:
    struct State;
    std::unique_ptr<State> state_;
};

class Decompressor {
public:
    Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();
    // Fills `into` exactly; `corrupt` when the frame holds more, less or nonsense.
    Result<void> decompress(ByteView frame, MutableByteView into, const Dictionary* dictionary = nullptr);
    Result<void> decompress_after(ByteView prefix, ByteView frame, MutableByteView into);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast
