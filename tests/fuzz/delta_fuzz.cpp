// Payloads from outside: every kind, with sizes and bases that the input chooses.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/base/wire.h"
#include "holdfast/repository/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::repository;
    static Decompressor decompressor;
    const ByteView input = std::as_bytes(std::span(data, size));
    ByteReader in(input, "input");
    const auto next = [&]() -> std::uint32_t { return in.u16().value_or(0); };
    EntryHeader header;
    header.kind = static_cast<EntryKind>(next() % 4);
    header.plain_size = next();
    const bool leans = header.kind == EntryKind::patch || header.kind == EntryKind::copy_list;
    const std::uint32_t base_count = leans ? 1 + next() % 3 : 0;
    const std::uint32_t base_size = next() % 5000;
    const ByteView payload = in.bytes(in.remaining()).value();
    header.payload_size = static_cast<std::uint32_t>(payload.size());
    header.bases.resize(base_count);
    std::vector<Bytes> kept;
    for (std::uint32_t i = 0; i < base_count; ++i) kept.emplace_back(base_size + i, std::byte(i));
    const std::vector<ByteView> bases(kept.begin(), kept.end());
    Bytes plain(header.plain_size);
    (void)decode_payload(header, payload, {.decompressor = decompressor, .bases = bases}, plain);
    return 0;
}
