#include "holdfast/repository/content_anchors.h"

#include <algorithm>

namespace holdfast::repository {

namespace {

constexpr std::size_t run_length = 24;
constexpr std::uint64_t factor = 1'000'003, mixer = 0x9E3779B97F4A7C15ull;
constexpr unsigned chosen_bits = 7;  // one place in 128

constexpr std::uint64_t power(std::size_t exponent) {
    std::uint64_t result = 1;
    for (std::size_t i = 0; i < exponent; ++i) result *= factor;
    return result;
}

}  // namespace

std::vector<std::uint32_t> anchors_of(ByteView bytes) {
    constexpr std::uint64_t leaving = power(run_length - 1);
    std::vector<std::uint32_t> anchors;
    anchors.reserve(bytes.size() >> (chosen_bits - 1));
    std::uint64_t rolling = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (at >= run_length) rolling -= leaving * std::to_integer<std::uint64_t>(bytes[at - run_length]);
        rolling = rolling * factor + std::to_integer<std::uint64_t>(bytes[at]);
        const std::uint64_t mixed = rolling * mixer;
        if (at + 1 >= run_length && (mixed >> (64 - chosen_bits)) == 0) anchors.push_back(static_cast<std::uint32_t>(mixed >> 16));
    }
    std::ranges::sort(anchors);
    anchors.erase(std::ranges::unique(anchors).begin(), anchors.end());
    return anchors;
}

}  // namespace holdfast::repository
