// expect_reads_back(): that what was just written to a file is what it holds.
#pragma once

#include "holdfast/host/file_system.h"

namespace holdfast::host {

// To be called right behind the write, by the thread that wrote, while the bytes are still in the processor's cache: reading a file
// back when all of it has been written goes through the machine's memory twice. `corrupt` with the first byte that differs, or is not
// there; what File::read_at says.
Result<void> expect_reads_back(const File& file, std::uint64_t offset, ByteView written);

}  // namespace holdfast::host
