#include "holdfast/repository/cut_points.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::repository {

namespace {

constexpr unsigned window = 64;                       // bytes that the hash of a place depends on
constexpr unsigned bits_before = 18, bits_after = 14; // of the hash that must be zero: before the usual size, and after it
constexpr std::size_t node_children_min = 32;
constexpr unsigned node_part = 128;                   // one child in so many ends its node

}  // namespace

CutPoints::CutPoints(const Keys& keys) {
    constexpr std::size_t at_once = sizeof(Hash) / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < gear_.size(); i += at_once) {
        const Hash hash = keys.mark_of(format("holdfast gear {}", i / at_once));
        for (std::size_t k = 0; k < at_once; ++k) {
            gear_[i + k] = load<LittleEndian<std::uint64_t>>(hash.view().subspan(k * sizeof(std::uint64_t)));
        }
    }
    first_of_zeros_ = first(Bytes(extent_max));
}

std::size_t CutPoints::first(ByteView bytes) const {
    static_assert(extent_min > window && extent_max <= limits::chunk_size_max);
    if (bytes.size() <= extent_min) return bytes.size();
    const std::size_t end = std::min(bytes.size(), extent_max), usual = std::min(end, extent_usual);
    std::uint64_t hash = 0;
    std::size_t at = extent_min - window;
    const auto advance = [&] { hash = (hash << 1) + gear_[std::to_integer<std::uint8_t>(bytes[at++])]; };
    while (at < extent_min) advance();
    while (at < usual) {
        if (hash >> (64 - bits_before) == 0) return at;
        advance();
    }
    while (at < end) {
        if (hash >> (64 - bits_after) == 0) return at;
        advance();
    }
    return end;
}

bool ends_node(const ChunkId& child, std::size_t count) {
    if (count >= limits::node_children_max) return true;
    return count >= node_children_min && std::to_integer<unsigned>(child.hash.bytes.front()) % node_part == 0;
}

}  // namespace holdfast::repository
