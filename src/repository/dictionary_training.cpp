#include "holdfast/repository/dictionary_training.h"

#include <algorithm>
#include <set>

#include "holdfast/base/compress.h"
#include "holdfast/base/limits.h"

namespace holdfast::repository {

namespace {

constexpr std::uint64_t sample_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t dictionary_bytes_max = 110 * 1024;
constexpr std::uint64_t source_per_dictionary = 128;  // a dictionary is at most this part of the source
constexpr std::uint32_t piece_size_min = 4096;

}  // namespace

Result<std::optional<Bytes>> train_on_sample(const ByteSource& source, std::uint32_t unit, host::Random& random) {
    const std::uint64_t size = source.size();
    if (size < dictionary_source_min) return std::optional<Bytes>();
    // Pages, not extents: a sample from more places knows more.
    const std::uint64_t piece = std::max(unit, piece_size_min);
    const std::uint64_t wanted = std::min(sample_bytes_max, size / 4) / piece;
    std::set<std::uint64_t> places;
    while (places.size() < wanted) places.insert(host::random_u64(random) % (size / piece));

    Bytes samples(wanted * piece);
    std::vector<std::size_t> sizes;
    MutableByteView rest = samples;
    for (const auto place : places) {
        TRY(source.read(place * piece, rest.first(piece)));
        if (is_all_zero(rest.first(piece))) continue;  // the next one takes its place
        rest = rest.subspan(piece);
        sizes.push_back(piece);
    }
    samples.resize(sizes.size() * piece);
    const auto size_max = std::min<std::size_t>(dictionary_bytes_max, size / source_per_dictionary);
    Bytes dictionary = TRY(train_dictionary(samples, sizes, size_max));
    if (dictionary.empty()) return std::optional<Bytes>();
    return std::optional(std::move(dictionary));
}

}  // namespace holdfast::repository
