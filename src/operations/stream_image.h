// An image as a run of bytes, as a plain file would have it.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/operations/context.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/host/worker_pool.h"

namespace holdfast::operations {

// Into the sink, which is not finished; the SHA-256 of what went there.
Result<Hash> stream_image(Context& context, host::WorkerPool& pool, const sqlite::Image& image, bundle::ByteSink& sink);

struct NoSink final : bundle::ByteSink {
    Result<void> write(ByteView) override { return {}; }
    Result<void> finish() override { return {}; }
};

}  // namespace holdfast::operations
