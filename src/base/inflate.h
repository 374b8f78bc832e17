// Deflate as it lies in zip files: bare, with its length and its CRC-32 written elsewhere. Any length, in bounded memory.
#pragma once

#include <cstdint>
#include <memory>

#include "holdfast/base/bytes.h"

namespace holdfast {

// One stream. One thread at a time.
class Inflater {
public:
    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    ~Inflater();
    // Takes bytes off the beginning of `packed` and fills the beginning of `into`; how many bytes that gave. 0 with
    // `packed` empty: more is wanted, or it has ended. `corrupt`: no such stream.
    Result<std::size_t> step(ByteView& packed, MutableByteView into);
    bool has_ended() const;  // nothing comes after this

private:
    struct State;
    std::unique_ptr<State> state_;
};

// CRC-32 as zip, gzip and PNG have it, of bytes that follow those of `before`.
std::uint32_t crc32_of(ByteView bytes, std::uint32_t before = 0);

}  // namespace holdfast
