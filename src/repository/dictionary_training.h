// Training a dictionary on a sample of a source, before its first bytes are stored.
#pragma once

#include <optional>

#include "holdfast/host/random.h"
#include "holdfast/repository/content_writer.h"

namespace holdfast::repository {

// Smaller sources are not worth a dictionary, which is kept twice. docs/decisions has the measurements.
constexpr std::uint64_t dictionary_source_min = 4 * 1024 * 1024;

// None when the source is too small or gives too little to learn from. Reads at most 2 MiB of it, at random places.
Result<std::optional<Bytes>> train_on_sample(const ByteSource& source, std::uint32_t unit, host::Random& random);

}  // namespace holdfast::repository
