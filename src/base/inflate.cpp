#include "holdfast/base/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "holdfast/base/text.h"

namespace holdfast {

namespace {

constexpr int bare = -MAX_WBITS;

// zlib counts in 32 bits.
uInt at_most(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max() / 2)); }

}  // namespace

struct Inflater::State {
    State() { HOLDFAST_ASSERT(::inflateInit2(&stream, bare) == Z_OK); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { ::inflateEnd(&stream); }

    z_stream stream{};
    bool has_ended = false;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Result<std::size_t> Inflater::step(ByteView& packed, MutableByteView into) {
    if (state_->has_ended) return std::size_t{0};
    auto& stream = state_->stream;
    const uInt offered = at_most(packed.size()), room = at_most(into.size());
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));  // zlib wants what it only reads without const
    stream.avail_in = offered;
    stream.next_out = reinterpret_cast<Bytef*>(into.data());
    stream.avail_out = room;
    const int code = ::inflate(&stream, Z_NO_FLUSH);
    packed = packed.subspan(offered - stream.avail_in);
    state_->has_ended = code == Z_STREAM_END;
    if (code != Z_STREAM_END && code != Z_OK && code != Z_BUF_ERROR) {
        return fail(ErrorCode::corrupt, "decompress deflate: {}", stream.msg != nullptr ? stream.msg : "the stream is damaged");
    }
    return std::size_t{room - stream.avail_out};
}

bool Inflater::has_ended() const { return state_->has_ended; }

std::uint32_t crc32_of(ByteView bytes, std::uint32_t before) {
    return static_cast<std::uint32_t>(::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace holdfast
