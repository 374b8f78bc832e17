// Note records from outside: one that is understood can be written again and then reads the same.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/repository/notes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::repository;
    const auto note = decode_note(std::as_bytes(std::span(data, size)));
    if (!note) return 0;
    const auto written = encode_note(*note);
    if (!written) return 0;  // longer than what we would write
    const auto again = decode_note(*written);
    HOLDFAST_ASSERT(again.ok() && encode_note(*again).value() == *written);
    return 0;
}
