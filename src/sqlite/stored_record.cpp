#include "holdfast/sqlite/stored_record.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/btree_page.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint64_t type_zero = 8, type_one = 9, first_blob_type = 12, first_text_type = 13;

void append_utf8(std::string& text, std::uint32_t code_point) {
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f)); };
    if (code_point < 0x80) {
        text += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        text += static_cast<char>(0xc0 | (code_point >> 6));
        tail(0);
    } else if (code_point < 0x10000) {
        text += static_cast<char>(0xe0 | (code_point >> 12));
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xf0 | (code_point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

std::string utf8_of_utf16(ByteView bytes, bool big_endian) {
    const auto unit_at = [&](std::size_t i) -> std::uint32_t {
        const auto first = std::to_integer<std::uint32_t>(bytes[2 * i]);
        const auto second = std::to_integer<std::uint32_t>(bytes[2 * i + 1]);
        return big_endian ? (first << 8) | second : (second << 8) | first;
    };
    std::string text;
    const std::size_t units = bytes.size() / 2;
    for (std::size_t i = 0; i < units; ++i) {
        const std::uint32_t unit = unit_at(i);
        const bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
        const std::uint32_t next = is_high && i + 1 < units ? unit_at(i + 1) : 0;
        if (next >= 0xdc00 && next < 0xe000) {
            append_utf8(text, 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
            ++i;
        } else {
            append_utf8(text, is_high || is_low ? 0xfffd : unit);
        }
    }
    return text;
}

}  // namespace

std::uint64_t stored_size(std::uint64_t type) {
    constexpr std::array<std::uint64_t, 12> sizes{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizes.size() ? sizes[type] : (type - first_blob_type) / 2;
}

std::string utf8_of(ByteView text, TextEncoding encoding) {
    if (encoding == TextEncoding::utf8) return std::string(text_of(text));
    return utf8_of_utf16(text, encoding == TextEncoding::utf16be);
}

std::optional<std::vector<StoredColumn>> stored_columns(ByteView header, std::uint64_t payload_size) {
    const auto header_size = read_stored_varint(header);
    if (!header_size || header_size->value != header.size() || header.size() > payload_size) return std::nullopt;
    std::vector<StoredColumn> columns;
    std::uint64_t offset = header.size();
    for (ByteView types = header.subspan(header_size->size); !types.empty();) {
        const auto type = read_stored_varint(types);
        if (!type || type->value == 10 || type->value == 11) return std::nullopt;  // SQLite's own, for rows on their way
        const std::uint64_t size = stored_size(type->value);
        if (size > payload_size - offset) return std::nullopt;
        columns.push_back({.type = type->value, .offset = offset, .size = size});
        offset += size;
        types = types.subspan(type->size);
    }
    return columns;
}

std::int64_t stored_integer(const StoredColumn& column, ByteView bytes) {
    if (column.type == type_zero || column.type == type_one) return column.type == type_one ? 1 : 0;
    const bool is_negative = !bytes.empty() && (bytes[0] & std::byte{0x80}) != std::byte{0};
    std::uint64_t value = is_negative ? ~0ull : 0;
    for (const std::byte byte : bytes) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
    return static_cast<std::int64_t>(value);
}

StoredRecord StoredRecord::parse(ByteView payload, std::size_t columns) {
    StoredRecord record;
    const auto header_size = read_stored_varint(payload);
    if (!header_size || header_size->value > payload.size() || header_size->value < header_size->size) return record;
    ByteView types = payload.first(header_size->value).subspan(header_size->size);
    ByteView values = payload.subspan(header_size->value);
    while (record.columns_.size() < columns) {
        const auto type = read_stored_varint(types);
        if (!type || stored_size(type->value) > values.size()) break;
        const std::uint64_t size = stored_size(type->value);
        record.columns_.push_back({type->value, values.first(size)});
        types = types.subspan(type->size);
        values = values.subspan(size);
    }
    return record;
}

std::optional<std::int64_t> StoredRecord::integer(std::size_t column) const {
    if (column >= columns_.size()) return std::nullopt;
    const auto& [type, bytes] = columns_[column];
    const StoredColumn stored{.type = type, .offset = 0, .size = bytes.size()};
    if (!stored.is_integer()) return std::nullopt;
    return stored_integer(stored, bytes);
}

std::optional<std::string> StoredRecord::text(std::size_t column, TextEncoding encoding) const {
    if (column >= columns_.size()) return std::nullopt;
    const auto& [type, bytes] = columns_[column];
    if (type < first_text_type || type % 2 == 0) return std::nullopt;
    return utf8_of(bytes, encoding);
}

}  // namespace holdfast::sqlite
