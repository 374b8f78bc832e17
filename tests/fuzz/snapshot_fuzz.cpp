// Snapshot records from outside: one that is understood can be written again and then reads the same.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/repository/snapshot.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::repository;
    const auto snapshot = decode_snapshot(std::as_bytes(std::span(data, size)), plain_keys());
    if (!snapshot) return 0;
    const auto written = encode_snapshot(*snapshot);
    if (!written) return 0;  // longer than what we would write
    const auto again = decode_snapshot(*written, plain_keys());
    HOLDFAST_ASSERT(again.ok() && encode_snapshot(*again).value() == *written);
    return 0;
}
