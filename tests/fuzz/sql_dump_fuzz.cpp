// Dumps in SQL: whatever stands in them, reading ends with an end that is proven or an error with a place, and the same for
// every way in which the bytes come.
#include <algorithm>
#include <cstdlib>

#include "holdfast/dump/created_table.h"
#include "holdfast/dump/dump_reader.h"

namespace {

using namespace holdfast;

dump::TextSource source_of(ByteView bytes, std::size_t piece) {
    return [bytes, piece, at = std::size_t{0}](MutableByteView into) mutable -> Result<std::size_t> {
        const auto part = bytes.subspan(at, std::min({piece, into.size(), bytes.size() - at}));
        std::ranges::copy(part, into.begin());
        at += part.size();
        return part.size();
    };
}

struct Outcome {
    bool is_read = false;
    std::size_t rows = 0, values = 0, made = 0;
    bool operator==(const Outcome&) const = default;
};
Outcome read(ByteView bytes, std::size_t piece, dump::Proof proof) {
    Outcome outcome;
    auto reader = dump::DumpReader::open(source_of(bytes, piece), proof);
    if (!reader) return outcome;
    dump::DumpItem item;
    for (;;) {
        const auto next = reader->next(item);
        if (!next) return outcome;
        if (item.kind == dump::DumpItem::Kind::end) break;
        outcome.made += item.kind == dump::DumpItem::Kind::make;
        if (item.kind != dump::DumpItem::Kind::row) continue;
        ++outcome.rows;
        outcome.values += item.values->size();
    }
    outcome.is_read = true;
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes = std::as_bytes(std::span(data, size));
    const Outcome whole = read(bytes, size + 1, dump::Proof::waived);
    if (whole != read(bytes, 3, dump::Proof::waived)) std::abort();
    const Outcome proven = read(bytes, size + 1, dump::Proof::needed);
    if (proven.is_read && proven != whole) std::abort();
    static_cast<void>(dump::read_create_table(text_of(bytes)));
    return 0;
}
