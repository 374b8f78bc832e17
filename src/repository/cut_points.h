// CutPoints: where variable extents end, so that what shifts in a file is found again (docs/formats/repository.md, 7).
#pragma once

#include <array>
#include <cstdint>

#include "holdfast/base/bytes.h"
#include "holdfast/repository/keys.h"

namespace holdfast::repository {

// An extent ends where the bytes before its end say so; so an edit moves the ends near it, and no others. Gear hashing with
// normalized chunking, as in Xia et al., "FastCDC" (USENIX ATC 2016), with a table made from the repository's id key: who has
// no key cannot tell a file that he knows by the sizes of its extents alone.
class CutPoints {
public:
    static constexpr std::size_t extent_min = 16 * 1024, extent_usual = 64 * 1024, extent_max = 256 * 1024;

    explicit CutPoints(const Keys& keys);

    // The size of the extent that begins with `bytes`: at least extent_max of them, or all that are left of the file.
    std::size_t first(ByteView bytes) const;
    // The size of an extent in a long run of zeros.
    std::size_t first_of_zeros() const { return first_of_zeros_; }

private:
    std::array<std::uint64_t, 256> gear_{};
    std::size_t first_of_zeros_ = 0;
};

// Whether a node of variable extents ends with this child, the `count`-th in it.
bool ends_node(const ChunkId& child, std::size_t count);

}  // namespace holdfast::repository
