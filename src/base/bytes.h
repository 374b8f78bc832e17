// Byte views, owned bytes, hexadecimal, and SecretBytes, which are wiped and never formatted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast {

using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

// A run of bytes that starts uninitialised: for I/O buffers whose zeroing would cost as much as the work.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t size) : bytes_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
    std::size_t size() const { return size_; }
    std::byte* data() { return bytes_.get(); }
    const std::byte* data() const { return bytes_.get(); }
    MutableByteView span() { return {bytes_.get(), size_}; }
    ByteView view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
};

ByteView bytes_of(std::string_view text);
std::string_view text_of(ByteView bytes);
Bytes copy_of(ByteView bytes);
void append(Bytes& to, ByteView more);
bool is_all_zero(ByteView bytes);

std::string to_hex(ByteView bytes);  // lower case
Result<Bytes> from_hex(std::string_view text);

// Key material and passwords. Wiped when destroyed; compares in constant time; there is no way to format one.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(ByteView bytes);
    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    ByteView view() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    SecretBytes copy() const { return SecretBytes(view()); }
    friend bool operator==(const SecretBytes& a, const SecretBytes& b);

private:
    void wipe() noexcept;
    Bytes bytes_;
};

}  // namespace holdfast
