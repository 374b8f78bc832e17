#include "holdfast/base/compress_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "holdfast/base/text.h"

namespace holdfast {

namespace {

constexpr int gzip_wrapping = 16 + MAX_WBITS;
constexpr int gzip_level = 6, memory_level = 8, zstd_level = 3;
constexpr std::size_t piece = 128 * 1024;

// zlib wants what it only reads without const.
Bytef* zlib_input(ByteView bytes) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data())); }
Bytef* zlib_output(std::byte* bytes) { return reinterpret_cast<Bytef*>(bytes); }

// zlib counts in 32 bits.
uInt at_most(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max() / 2)); }

std::string zlib_says(const z_stream& stream) { return stream.msg != nullptr ? stream.msg : "the stream is damaged"; }

}  // namespace

// --- compressing ---

struct StreamCompressor::State {
    State(StreamFormat wanted, Give taker) : format(wanted), give(std::move(taker)), out(piece) {
        if (format == StreamFormat::gzip) {
            HOLDFAST_ASSERT(::deflateInit2(&gzip, gzip_level, Z_DEFLATED, gzip_wrapping, memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
            return;
        }
        zstd = ZSTD_createCCtx();
        HOLDFAST_ASSERT(zstd != nullptr);
        HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, zstd_level)) == 0);
        HOLDFAST_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)) == 0);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (format == StreamFormat::gzip) ::deflateEnd(&gzip);
        ZSTD_freeCCtx(zstd);
    }

    Result<void> run_gzip(ByteView plain, int flush) {
        do {
            const ByteView part = plain.first(at_most(plain.size()));
            plain = plain.subspan(part.size());
            gzip.next_in = zlib_input(part);
            gzip.avail_in = static_cast<uInt>(part.size());
            const int mode = plain.empty() ? flush : Z_NO_FLUSH;
            int code = Z_OK;
            do {
                gzip.next_out = zlib_output(out.data());
                gzip.avail_out = static_cast<uInt>(out.size());
                code = ::deflate(&gzip, mode);
                HOLDFAST_ASSERT(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
                if (gzip.avail_out < out.size()) TRY(give(out.view().first(out.size() - gzip.avail_out)));
            } while (gzip.avail_out == 0 || (mode == Z_FINISH && code != Z_STREAM_END));
        } while (!plain.empty());
        return {};
    }
    Result<void> run_zstd(ByteView plain, ZSTD_EndDirective end) {
        ZSTD_inBuffer in{plain.data(), plain.size(), 0};
        for (;;) {
            ZSTD_outBuffer ready{out.data(), out.size(), 0};
            const std::size_t left = ZSTD_compressStream2(zstd, &ready, &in, end);
            if (ZSTD_isError(left) != 0) return fail(ErrorCode::bug, "compress with zstd: {}", ZSTD_getErrorName(left));
            if (ready.pos > 0) TRY(give(out.view().first(ready.pos)));
            if (end == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
        }
    }

    StreamFormat format;
    Give give;
    Buffer out;
    z_stream gzip{};
    ZSTD_CCtx* zstd = nullptr;
};

StreamCompressor::StreamCompressor(StreamFormat format, Give give) : state_(std::make_unique<State>(format, std::move(give))) {}
StreamCompressor::StreamCompressor(StreamCompressor&&) noexcept = default;
StreamCompressor& StreamCompressor::operator=(StreamCompressor&&) noexcept = default;
StreamCompressor::~StreamCompressor() = default;

Result<void> StreamCompressor::write(ByteView plain) {
    if (plain.empty()) return {};
    return state_->format == StreamFormat::gzip ? state_->run_gzip(plain, Z_NO_FLUSH) : state_->run_zstd(plain, ZSTD_e_continue);
}

Result<void> StreamCompressor::finish() {
    return state_->format == StreamFormat::gzip ? state_->run_gzip({}, Z_FINISH) : state_->run_zstd({}, ZSTD_e_end);
}

// --- decompressing ---

struct StreamDecompressor::State {
    explicit State(StreamFormat wanted) : format(wanted) {
        if (format == StreamFormat::gzip) {
            HOLDFAST_ASSERT(::inflateInit2(&gzip, gzip_wrapping) == Z_OK);
        } else {
            zstd = ZSTD_createDCtx();
            HOLDFAST_ASSERT(zstd != nullptr);
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (format == StreamFormat::gzip) ::inflateEnd(&gzip);
        ZSTD_freeDCtx(zstd);
    }

    // Between members: another one, or padding of zeros up to the end.
    Result<void> begin_next_member(ByteView& packed) {
        if (packed.front() == std::byte{0}) is_padding = true;
        if (is_padding) {
            if (!is_all_zero(packed)) return fail(ErrorCode::corrupt, "decompress gzip: there is something behind its end that is no gzip");
            packed = {};
            return {};
        }
        HOLDFAST_ASSERT(::inflateReset(&gzip) == Z_OK);
        is_between = false;
        return {};
    }
    Result<std::size_t> step_gzip(ByteView& packed, MutableByteView into) {
        if (is_between && !packed.empty() && has_begun) TRY(begin_next_member(packed));
        if (packed.empty() && (is_between || !has_begun)) return std::size_t{0};
        has_begun = true;
        const uInt offered = at_most(packed.size()), room = at_most(into.size());
        gzip.next_in = zlib_input(packed);
        gzip.avail_in = offered;
        gzip.next_out = zlib_output(into.data());
        gzip.avail_out = room;
        is_between = false;
        const int code = ::inflate(&gzip, Z_NO_FLUSH);
        packed = packed.subspan(offered - gzip.avail_in);
        if (code == Z_STREAM_END) is_between = true;
        else if (code != Z_OK && code != Z_BUF_ERROR) return fail(ErrorCode::corrupt, "decompress gzip: {}", zlib_says(gzip));
        return std::size_t{room - gzip.avail_out};
    }
    Result<std::size_t> step_zstd(ByteView& packed, MutableByteView into) {
        if (packed.empty() && is_between) return std::size_t{0};
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        ZSTD_outBuffer out{into.data(), into.size(), 0};
        const std::size_t left = ZSTD_decompressStream(zstd, &out, &in);
        if (ZSTD_isError(left) != 0) return fail(ErrorCode::corrupt, "decompress zstd: {}", ZSTD_getErrorName(left));
        packed = packed.subspan(in.pos);
        has_begun = has_begun || in.pos > 0;
        // It may hold bytes back for which there was no room.
        is_between = left == 0;
        return out.pos;
    }

    StreamFormat format;
    z_stream gzip{};
    ZSTD_DCtx* zstd = nullptr;
    bool is_between = true, has_begun = false, is_padding = false;
};

StreamDecompressor::StreamDecompressor(StreamFormat format) : state_(std::make_unique<State>(format)) {}
StreamDecompressor::StreamDecompressor(StreamDecompressor&&) noexcept = default;
StreamDecompressor& StreamDecompressor::operator=(StreamDecompressor&&) noexcept = default;
StreamDecompressor::~StreamDecompressor() = default;

Result<std::size_t> StreamDecompressor::step(ByteView& packed, MutableByteView into) {
    return state_->format == StreamFormat::gzip ? state_->step_gzip(packed, into) : state_->step_zstd(packed, into);
}

bool StreamDecompressor::may_end() const { return state_->has_begun && state_->is_between; }

}  // namespace holdfast
