// TarReader: the members of a tar, one after another, named and never written by their names.
#pragma once

#include <optional>
#include <string>

#include "holdfast/base/time.h"
#include "holdfast/bundle/byte_stream.h"

namespace holdfast::bundle {

struct TarMember {
    std::string name;      // bytes, as they stand there
    bool is_file = false;  // else a folder, link or device: nothing is read of it
    bool is_folder = false, is_link = false;
    std::string link_target;
    std::uint32_t mode = 0;
    Timestamp modified;
};

class TarReader {
public:
    static Result<std::unique_ptr<TarReader>> open(std::unique_ptr<ByteStream> stream);
    virtual ~TarReader() = default;
    // The next member; none: the end, and the stream below it was read to its own end. `corrupt`: the tar is damaged, or
    // was cut: its end is not there.
    virtual Result<std::optional<TarMember>> next() = 0;
    virtual Result<std::size_t> read(MutableByteView into) = 0;  // of this member's content; 0: its end
};

}  // namespace holdfast::bundle
