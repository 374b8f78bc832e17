// A file that holds still as a run of bytes. Never one that SQLite has open in this process (host::File).
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Into the sink, which is not finished; the SHA-256 of what went there.
Result<Hash> stream_file(Context& context, const std::string& path, bundle::ByteSink& sink);

Result<Hash> hash_of_file(Context& context, const std::string& path);

}  // namespace holdfast::operations
