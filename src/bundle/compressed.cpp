#include "holdfast/bundle/compressed.h"

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

constexpr std::size_t piece = 128 * 1024;

class Decompressed final : public ByteStream {
public:
    Decompressed(std::unique_ptr<ByteStream> packed, StreamFormat format)
        : packed_(std::move(packed)), format_(format), decompressor_(format), buffer_(piece) {}

    Result<std::size_t> read(MutableByteView into) override {
        for (;;) {
            const std::size_t got = TRY(decompressor_.step(waiting_, into));
            if (got > 0) return got;
            if (!waiting_.empty()) continue;
            const std::size_t more = TRY(packed_->read(buffer_.span()));
            if (more == 0) break;
            waiting_ = buffer_.view().first(more);
        }
        if (decompressor_.may_end()) return std::size_t{0};
        return fail(ErrorCode::corrupt, "decompress {}: it was cut, its end is missing", format_ == StreamFormat::gzip ? "gzip" : "zstd");
    }

private:
    std::unique_ptr<ByteStream> packed_;
    StreamFormat format_;
    StreamDecompressor decompressor_;
    Buffer buffer_;
    ByteView waiting_;
};

class Compressing final : public ByteSink {
public:
    Compressing(ByteSink& sink, StreamFormat format)
        : sink_(sink), compressor_(format, [&sink](ByteView ready) { return sink.write(ready); }) {}
    Result<void> write(ByteView bytes) override { return compressor_.write(bytes); }
    Result<void> finish() override {
        TRY(compressor_.finish());
        return sink_.finish();
    }

private:
    ByteSink& sink_;
    StreamCompressor compressor_;
};

}  // namespace

std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> packed, StreamFormat format) {
    return std::make_unique<Decompressed>(std::move(packed), format);
}
std::unique_ptr<ByteSink> compressing(ByteSink& sink, StreamFormat format) { return std::make_unique<Compressing>(sink, format); }

}  // namespace holdfast::bundle
