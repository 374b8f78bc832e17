// WalBytes: write-ahead logs written frame by frame, as the file format's description says, by no code under test.
#pragma once

#include <array>
#include <cstdint>

#include "holdfast/base/bytes.h"
#include "holdfast/base/wire.h"

namespace holdfast::tests {

struct WalBytesOptions {
    std::uint32_t page_size = 512;
    bool big_endian = false;
    std::uint32_t sequence = 0;
    std::uint64_t salts = 0x0102030405060708;
};

class WalBytes {
public:
    explicit WalBytes(WalBytesOptions options = {}) : options_(options) {
        put(options.big_endian ? 0x377f0683 : 0x377f0682);
        put(3007000);
        put(options.page_size);
        put(options.sequence);
        put(static_cast<std::uint32_t>(options.salts >> 32));
        put(static_cast<std::uint32_t>(options.salts));
        add_to_sum(bytes_);
        put(sum_[0]);
        put(sum_[1]);
    }
    // A frame whose page is filled with one value; database_pages other than 0 makes it a commit.
    struct Frame {
        std::uint32_t page = 1;
        std::uint8_t fill = 0;
        std::uint32_t database_pages = 0;
    };
    WalBytes& frame(Frame frame) {
        return frame_of(frame.page, Bytes(options_.page_size, std::byte{frame.fill}), frame.database_pages);
    }
    WalBytes& frame_of(std::uint32_t page, const Bytes& content, std::uint32_t database_pages) {
        const std::size_t start = bytes_.size();
        put(page);
        put(database_pages);
        add_to_sum(ByteView(bytes_).subspan(start, 8));
        add_to_sum(content);
        put(static_cast<std::uint32_t>(options_.salts >> 32));
        put(static_cast<std::uint32_t>(options_.salts));
        put(sum_[0]);
        put(sum_[1]);
        append(bytes_, content);
        return *this;
    }
    const Bytes& bytes() const { return bytes_; }
    std::size_t frame_size() const { return 24 + options_.page_size; }

private:
    void put(std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<std::byte>(number >> shift));
    }
    void add_to_sum(ByteView bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += 4) {
            std::uint32_t word = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                const std::size_t place = options_.big_endian ? i : 3 - i;
                word = (word << 8) | std::to_integer<std::uint32_t>(bytes[at + place]);
            }
            const std::size_t which = at / 4 % 2;
            sum_[which] += word + sum_[1 - which];
        }
    }

    WalBytesOptions options_;
    Bytes bytes_;
    std::array<std::uint32_t, 2> sum_{};
};

}  // namespace holdfast::tests
