// ByteStream and ByteSink: bytes on their way, from the first to the last.
#pragma once

#include <memory>

#include "holdfast/base/bytes.h"
#include "holdfast/host/file_system.h"

namespace holdfast::bundle {

// One thread at a time. After an error nothing more is read.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    // At least one byte; 0: the end has been reached, and everything before it was proven as far as the stream can prove
    // (checksums, a signature, the exit status of a program). Bytes before an error have been given out already.
    virtual Result<std::size_t> read(MutableByteView into) = 0;
};

class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual Result<void> write(ByteView bytes) = 0;
    virtual Result<void> finish() = 0;  // everything has arrived, durably where that means anything; once
};

// A file from its beginning. The file outlives the stream.
class FileStream final : public ByteStream {
public:
    explicit FileStream(const host::File& file) : file_(file) {}
    Result<std::size_t> read(MutableByteView into) override {
        const std::size_t got = TRY(file_.read_at(at_, into));
        at_ += got;
        return got;
    }

private:
    const host::File& file_;
    std::uint64_t at_ = 0;
};

// Fills `into` but for the end of the stream.
inline Result<std::size_t> read_fully(ByteStream& stream, MutableByteView into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        const std::size_t got = TRY(stream.read(into.subspan(filled)));
        if (got == 0) break;
        filled += got;
    }
    return filled;
}

// A stream whose beginning can be looked at first.
class PeekedStream final : public ByteStream {
public:
    static constexpr std::size_t head_max = 4096;
    static Result<std::unique_ptr<PeekedStream>> peek(std::unique_ptr<ByteStream> stream) {
        Bytes head(head_max);
        head.resize(TRY(read_fully(*stream, head)));
        return std::make_unique<PeekedStream>(std::move(stream), std::move(head));
    }
    PeekedStream(std::unique_ptr<ByteStream> stream, Bytes head) : stream_(std::move(stream)), head_(std::move(head)) {}
    ByteView head() const { return head_; }
    Result<std::size_t> read(MutableByteView into) override {
        if (given_ == head_.size()) return stream_->read(into);
        const ByteView rest = ByteView(head_).subspan(given_);
        const std::size_t count = std::min(rest.size(), into.size());
        std::copy_n(rest.begin(), count, into.begin());
        given_ += count;
        return count;
    }

private:
    std::unique_ptr<ByteStream> stream_;
    Bytes head_;
    std::size_t given_ = 0;
};

}  // namespace holdfast::bundle
