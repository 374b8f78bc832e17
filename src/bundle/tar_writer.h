// TarWriter: a tar that depends on its members alone: no owner, no name of a user, no time but the one given.
#pragma once

#include <string>

#include "holdfast/base/time.h"
#include "holdfast/bundle/byte_stream.h"

namespace holdfast::bundle {

enum class TarKind { file, folder, link };
struct TarEntry {
    std::string name;
    TarKind kind = TarKind::file;
    std::string link_target = {};  // what a link says
    std::uint64_t size = 0;        // of a file
    Timestamp modified;        // in whole seconds
    std::uint32_t mode = 0600;
};

// pax, with extended headers only where a member needs them. The sink outlives it.
class TarWriter {
public:
    static Result<std::unique_ptr<TarWriter>> open(ByteSink& sink);
    virtual ~TarWriter() = default;
    virtual Result<void> begin(const TarEntry& entry) = 0;
    virtual Result<void> write(ByteView bytes) = 0;  // of the member begun last, `size` bytes in all
    virtual Result<void> finish() = 0;               // writes the end; the sink is not finished
};

}  // namespace holdfast::bundle
