// The first 100 bytes of a database (https://sqlite.org/fileformat2.html, section 1.3).
#pragma once

#include <cstdint>

#include "holdfast/base/bytes.h"
#include "holdfast/sqlite/page.h"

namespace holdfast::sqlite {

constexpr std::size_t database_header_size = 100;

struct DatabaseHeader {
    PageSize page_size;
    std::uint8_t write_version = 1;  // 1 rollback journal, 2 WAL
    std::uint8_t read_version = 1;
    std::uint8_t reserved_bytes = 0;
    std::uint32_t change_counter = 0;
    std::uint32_t page_count = 0;  // of the header; valid only if change_counter == version_valid_for
    std::uint32_t schema_cookie = 0;
    std::uint32_t encoding = 0;  // 1 UTF-8, 2 UTF-16le, 3 UTF-16be; 0 in a database without a schema yet
    std::uint32_t user_version = 0;
    std::uint32_t application_id = 0;
    std::uint32_t version_valid_for = 0;
    std::uint32_t largest_root_page = 0;   // not 0: auto_vacuum
    std::uint32_t incremental_vacuum = 0;  // not 0: auto_vacuum = incremental
    bool is_wal() const { return read_version == 2; }
};

// Fails `corrupt` saying what the bytes look like instead ("not a SQLite database: perhaps encrypted by another
// program (SQLCipher, SEE)", "a gzip file", "a SQL dump", all zeros …).
Result<DatabaseHeader> parse_database_header(ByteView first_bytes);

// The bytes of the first 100 that a restore into a live database may change (18–19, 24–27, 40–43, 92–99), zeroed.
void mask_header_of_live_restore(MutableByteView first_page);

}  // namespace holdfast::sqlite
