// Envelopes from outside: opening one never does more than fail.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/repository/envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::repository;
    const ByteView input = std::as_bytes(std::span(data, size));
    const store::ObjectName name("notes/1.1");
    (void)open_envelope(input, name, nullptr);
    (void)open_envelope(input, name, &plain_keys());
    (void)open_envelope(input, name, &sealed_keys());

    // The same bytes as a body whose check is right, so that what lies behind the check is reached.
    NoRandom random;
    const Envelope envelope{.type = ObjectType::note, .record = copy_of(input)};
    const auto sealed = seal_envelope(envelope, name, &sealed_keys(), random);
    if (!sealed) return 0;
    HOLDFAST_ASSERT(open_envelope(*sealed, name, &sealed_keys()).value().record == envelope.record);
    return 0;
}
