// gzip and zstd as the programs of that name write and read them: streams of any length, in bounded memory.
#pragma once

#include <functional>
#include <memory>

#include "holdfast/base/bytes.h"

namespace holdfast {

enum class StreamFormat { gzip, zstd };

// One member or frame with a checksum, at one level, in one thread, without a name or a time: equal bytes in give equal
// bytes out, however they are cut into calls (with one version of the library). One thread at a time.
class StreamCompressor {
public:
    using Give = std::function<Result<void>(ByteView)>;  // takes what is ready
    StreamCompressor(StreamFormat format, Give give);
    StreamCompressor(StreamCompressor&&) noexcept;
    StreamCompressor& operator=(StreamCompressor&&) noexcept;
    ~StreamCompressor();
    Result<void> write(ByteView plain);
    Result<void> finish();  // once

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Reads members or frames one after another (`cat a.gz b.gz`, pigz, zstd -T), and zeros behind the last member of gzip.
class StreamDecompressor {
public:
    explicit StreamDecompressor(StreamFormat format);
    StreamDecompressor(StreamDecompressor&&) noexcept;
    StreamDecompressor& operator=(StreamDecompressor&&) noexcept;
    ~StreamDecompressor();
    // Takes bytes off the beginning of `packed` and fills the beginning of `into`; how many bytes that gave. 0 with
    // `packed` empty: more is wanted, or it has ended. `corrupt`: not such a stream, or its checksum disagrees.
    Result<std::size_t> step(ByteView& packed, MutableByteView into);
    // The bytes may end here: a member or frame has ended, its checksum was right, and nothing waits.
    bool may_end() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast
