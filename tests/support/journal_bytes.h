// JournalBytes: rollback journals written record by record, as the file format's description says, by no code under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/bytes.h"

namespace holdfast::tests {

struct JournalHeader {
    std::uint32_t records = 0;
    std::uint32_t nonce = 1;
    std::uint32_t original_pages = 1;
    std::uint32_t sector_size = 512;
    std::uint32_t page_size = 512;
};

class JournalBytes {
public:
    // Pads to the next sector, then a header in a sector of its own.
    JournalBytes& header(const JournalHeader& header) {
        header_ = header;
        pad();
        put_magic();
        for (const auto field :
             {header.records, header.nonce, header.original_pages, header.sector_size, header.page_size}) {
            put(field);
        }
        pad();
        return *this;
    }
    JournalBytes& record(std::uint32_t page, const Bytes& content, std::uint32_t wrong_by = 0) {
        put(page);
        append(bytes_, content);
        std::uint32_t sum = header_.nonce + wrong_by;
        for (auto i = static_cast<std::ptrdiff_t>(content.size()) - 200; i > 0; i -= 200) {
            sum += std::to_integer<std::uint32_t>(content[static_cast<std::size_t>(i)]);
        }
        put(sum);
        return *this;
    }
    JournalBytes& record(std::uint32_t page, std::uint8_t fill, std::uint32_t wrong_by = 0) {
        return record(page, Bytes(header_.page_size, std::byte{fill}), wrong_by);
    }
    JournalBytes& super_journal(std::uint32_t lock_page, std::string_view name, std::uint32_t wrong_by = 0) {
        put(lock_page);
        append(bytes_, bytes_of(name));
        put(static_cast<std::uint32_t>(name.size()));
        std::uint32_t sum = wrong_by;
        for (const char c : name) sum += static_cast<std::uint32_t>(c);
        put(sum);
        put_magic();
        return *this;
    }
    const Bytes& bytes() const { return bytes_; }

private:
    void put_magic() {
        put(0xd9d505f9);
        put(0x20a163d7);
    }
    void put(std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<std::byte>(number >> shift));
    }
    void pad() {
        while (bytes_.size() % header_.sector_size != 0) bytes_.push_back(std::byte{0});
    }

    JournalHeader header_;
    Bytes bytes_;
};

}  // namespace holdfast::tests
