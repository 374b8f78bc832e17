// Integers and fields as they lie in files: BigEndian<T>, LittleEndian<T>, ByteReader and ByteWriter.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "holdfast/base/bytes.h"

namespace holdfast {

template <std::unsigned_integral T, std::endian order>
class WireInteger {
public:
    WireInteger() = default;
    WireInteger(T value) { *this = value; }  // NOLINT: implicit on purpose
    WireInteger& operator=(T value) {
        if constexpr (order != std::endian::native) value = std::byteswap(value);
        std::memcpy(bytes_.data(), &value, sizeof(T));
        return *this;
    }
    operator T() const {  // NOLINT: implicit on purpose
        T value;
        std::memcpy(&value, bytes_.data(), sizeof(T));
        if constexpr (order != std::endian::native) value = std::byteswap(value);
        return value;
    }

private:
    std::array<std::byte, sizeof(T)> bytes_{};
};
// Structs made of these have alignment 1 and no padding: copy them with load() and save(), never cast a pointer.
template <std::unsigned_integral T>
using BigEndian = WireInteger<T, std::endian::big>;
template <std::unsigned_integral T>
using LittleEndian = WireInteger<T, std::endian::little>;

// A trivially copyable struct out of the first bytes of `from`, which the caller has proven long enough.
template <typename Struct>
Struct load(ByteView from) {
    static_assert(std::is_trivially_copyable_v<Struct> && alignof(Struct) == 1);
    HOLDFAST_ASSERT(from.size() >= sizeof(Struct));
    Struct value;
    std::memcpy(&value, from.data(), sizeof(Struct));
    return value;
}
template <typename Struct>
void save(const Struct& value, MutableByteView into) {
    static_assert(std::is_trivially_copyable_v<Struct> && alignof(Struct) == 1);
    HOLDFAST_ASSERT(into.size() >= sizeof(Struct));
    std::memcpy(into.data(), &value, sizeof(Struct));
}

// Reads little-endian fields from bytes that are not trusted: every step past the end is an Error `corrupt`.
class ByteReader {
public:
    ByteReader(ByteView bytes, std::string_view what) : rest_(bytes), what_(what) {}
    Result<std::uint8_t> u8();
    Result<std::uint16_t> u16();
    Result<std::uint32_t> u32();
    Result<std::uint64_t> u64();
    Result<std::uint64_t> varint();                                    // LEB128, at most 10 bytes, shortest form only
    Result<ByteView> bytes(std::uint64_t size);                        // a view into the input
    Result<ByteView> counted_bytes(std::uint64_t size_max);            // varint length, then the bytes
    Result<std::string> counted_text(std::uint64_t size_max);
    std::size_t remaining() const { return rest_.size(); }
    Result<void> expect_end() const;

private:
    ByteView rest_;
    std::string_view what_;  // for messages: "snapshot", "index table"
};

// Appends little-endian fields; the mirror of ByteReader.
class ByteWriter {
public:
    void u8(std::uint8_t value);
    void u16(std::uint16_t value);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);
    void varint(std::uint64_t value);
    void bytes(ByteView value);
    void counted_bytes(ByteView value);
    void counted_text(std::string_view value);
    std::size_t size() const { return out_.size(); }
    ByteView view() const { return out_; }
    Bytes take() && { return std::move(out_); }

private:
    Bytes out_;
};

}  // namespace holdfast
