// A kept file as a run of bytes.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Into the sink, which is not finished; the SHA-256 of what went there. Every byte is proven before. Its index is open.
Result<Hash> stream_entry(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& entry, bundle::ByteSink& sink);

}  // namespace holdfast::operations
