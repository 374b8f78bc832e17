#include "holdfast/base/bytes.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast {

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string_view text_of(ByteView bytes) {
    const void* start = bytes.data();
    return {static_cast<const char*>(start), bytes.size()};
}

Bytes copy_of(ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); }

void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }

bool is_all_zero(ByteView bytes) {
    // Equal to itself shifted by one, and starting with zero: memcmp does the work at memory speed.
    if (bytes.empty()) return true;
    return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

std::string to_hex(ByteView bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        out += digits[std::to_integer<std::size_t>(b) >> 4];
        out += digits[std::to_integer<std::size_t>(b) & 15];
    }
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    static constexpr auto values = [] {
        std::array<signed char, 256> table{};
        table.fill(-1);
        for (signed char value = 0; value < 16; ++value) {
            table[static_cast<unsigned char>("0123456789abcdef"[value])] = value;
            table[static_cast<unsigned char>("0123456789ABCDEF"[value])] = value;
        }
        return table;
    }();
    const auto digit = [](char c) -> int { return values[static_cast<unsigned char>(c)]; };
    if (text.size() % 2 != 0) return fail(ErrorCode::invalid, "read hexadecimal: an odd number of digits");
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0) return fail(ErrorCode::invalid, "read hexadecimal: not a digit at position {}", i + 1);
        out.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return out;
}

SecretBytes::SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
        wipe();
        bytes_ = std::move(other.bytes_);
        other.bytes_.clear();
    }
    return *this;
}

SecretBytes::~SecretBytes() { wipe(); }

void SecretBytes::wipe() noexcept {
    if (!bytes_.empty()) sodium_memzero(bytes_.data(), bytes_.size());
    bytes_.clear();
}

bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0);
}

}  // namespace holdfast
