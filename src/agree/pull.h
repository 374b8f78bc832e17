// Pull: bytes one after another out of a file or a member of an archive, proven as far as they can be when they end.
#pragma once

#include <memory>

#include "holdfast/agree/look.h"
#include "holdfast/host/file_system.h"

namespace holdfast::agree {

class Pull {
public:
    virtual ~Pull() = default;
    // Fills the beginning of `into`; 0: it has ended, and what proves it (a length, a CRC) agrees; `corrupt` otherwise.
    virtual Result<std::size_t> more(MutableByteView into) = 0;

    Result<std::size_t> fill(MutableByteView into);  // all of it, unless it ends before
};

// A part of a file, which is outlived.
class FilePull final : public Pull {
public:
    struct Part {
        std::uint64_t offset = 0, size = 0;
    };
    FilePull(const host::File& file, Part part) : file_(file), at_(part.offset), left_(part.size) {}
    Result<std::size_t> more(MutableByteView into) override;  // `corrupt`: the file ends before

private:
    const host::File& file_;
    std::uint64_t at_, left_;
};

}  // namespace holdfast::agree
