// Streams and sinks that decompress and compress on the way.
#pragma once

#include "holdfast/base/compress_stream.h"
#include "holdfast/bundle/byte_stream.h"

namespace holdfast::bundle {

// `corrupt`: the stream is damaged, or ends before it should.
std::unique_ptr<ByteStream> decompressed(std::unique_ptr<ByteStream> packed, StreamFormat format);

// finish() finishes the sink below, too, which outlives it.
std::unique_ptr<ByteSink> compressing(ByteSink& sink, StreamFormat format);

}  // namespace holdfast::bundle
