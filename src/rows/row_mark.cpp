#include "holdfast/rows/row_mark.h"

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::rows {

std::uint64_t mark_of(std::span<const RowValue> values) {
    ByteWriter bytes;
    for (const auto& value : values) {
        bytes.counted_text(format("{}", value.index()));
        if (const auto* integer = std::get_if<std::int64_t>(&value)) bytes.counted_text(format("{}", *integer));
        if (const auto* real = std::get_if<double>(&value)) bytes.counted_text(format("{}", *real));
        if (const auto* text = std::get_if<std::string>(&value)) bytes.counted_text(*text);
        if (const auto* blob = std::get_if<Bytes>(&value)) bytes.counted_text(text_of(*blob));
        if (const auto* large = std::get_if<ValueInPlace>(&value)) bytes.counted_text(format("{} {}", large->size, large->is_text));
    }
    return short_fingerprint(bytes.view(), 0);
}

}  // namespace holdfast::rows
