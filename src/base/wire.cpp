#include "holdfast/base/wire.h"

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

Error ends_early(std::string_view what) { return fail(ErrorCode::corrupt, "read {}: it ends too early", what); }

template <typename T>
Result<T> read_integer(ByteView& rest, std::string_view what) {
    if (rest.size() < sizeof(T)) return ends_early(what);
    const T value = load<LittleEndian<T>>(rest);
    rest = rest.subspan(sizeof(T));
    return value;
}

}  // namespace

Result<std::uint8_t> ByteReader::u8() { return read_integer<std::uint8_t>(rest_, what_); }
Result<std::uint16_t> ByteReader::u16() { return read_integer<std::uint16_t>(rest_, what_); }
Result<std::uint32_t> ByteReader::u32() { return read_integer<std::uint32_t>(rest_, what_); }
Result<std::uint64_t> ByteReader::u64() { return read_integer<std::uint64_t>(rest_, what_); }

Result<std::uint64_t> ByteReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        const std::uint8_t byte = TRY(u8());
        const bool overflows = shift == 63 && byte > 1;
        const bool overlong = shift > 0 && byte == 0;
        if (overflows || overlong) return fail(ErrorCode::corrupt, "read {}: a number is not well formed", what_);
        value |= std::uint64_t{byte & 0x7Fu} << shift;
        if ((byte & 0x80) == 0) return value;
    }
    return fail(ErrorCode::corrupt, "read {}: a number is too long", what_);
}

Result<ByteView> ByteReader::bytes(std::uint64_t size) {
    if (rest_.size() < size) return ends_early(what_);
    const ByteView taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(static_cast<std::size_t>(size));
    return taken;
}

Result<ByteView> ByteReader::counted_bytes(std::uint64_t size_max) {
    const std::uint64_t size = TRY(varint());
    if (size > size_max) return fail(ErrorCode::corrupt, "read {}: a field of {} bytes is above the limit of {}", what_, size, size_max);
    return bytes(size);
}

Result<std::string> ByteReader::counted_text(std::uint64_t size_max) { return std::string(text_of(TRY(counted_bytes(size_max)))); }

Result<void> ByteReader::expect_end() const {
    if (!rest_.empty()) return fail(ErrorCode::corrupt, "read {}: {} bytes are left over", what_, rest_.size());
    return {};
}

namespace {

template <typename T>
void write_integer(Bytes& out, T value) {
    const LittleEndian<T> wire = value;
    append(out, std::as_bytes(std::span(&wire, 1)));
}

}  // namespace

void ByteWriter::u8(std::uint8_t value) { write_integer(out_, value); }
void ByteWriter::u16(std::uint16_t value) { write_integer(out_, value); }
void ByteWriter::u32(std::uint32_t value) { write_integer(out_, value); }
void ByteWriter::u64(std::uint64_t value) { write_integer(out_, value); }

void ByteWriter::varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
}

void ByteWriter::bytes(ByteView value) { append(out_, value); }

void ByteWriter::counted_bytes(ByteView value) {
    varint(value.size());
    bytes(value);
}

void ByteWriter::counted_text(std::string_view value) { counted_bytes(bytes_of(value)); }

}  // namespace holdfast
