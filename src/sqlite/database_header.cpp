#include "holdfast/sqlite/database_header.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "SQLite format 3\0"sv;
constexpr std::uint32_t smallest_usable_size = 480;

// https://sqlite.org/fileformat2.html, table of section 1.3; every field big-endian.
struct StoredHeader {
    std::array<std::byte, 16> magic;
    BigEndian<std::uint16_t> page_size;
    std::uint8_t write_version;
    std::uint8_t read_version;
    std::uint8_t reserved_bytes;
    std::array<std::uint8_t, 3> payload_fractions;  // 64, 32, 32: never anything else
    BigEndian<std::uint32_t> change_counter;
    BigEndian<std::uint32_t> page_count;
    BigEndian<std::uint32_t> first_free_trunk;
    BigEndian<std::uint32_t> free_pages;
    BigEndian<std::uint32_t> schema_cookie;
    BigEndian<std::uint32_t> schema_format;
    BigEndian<std::uint32_t> cache_size;
    BigEndian<std::uint32_t> largest_root_page;
    BigEndian<std::uint32_t> encoding;
    BigEndian<std::uint32_t> user_version;
    BigEndian<std::uint32_t> incremental_vacuum;
    BigEndian<std::uint32_t> application_id;
    std::array<std::byte, 20> reserved;
    BigEndian<std::uint32_t> version_valid_for;
    BigEndian<std::uint32_t> sqlite_version;
};
static_assert(sizeof(StoredHeader) == database_header_size);

struct Resemblance {
    std::string_view prefix;
    std::string_view name;
};
constexpr Resemblance resemblances[] = {
    {"\x1f\x8b"sv, "a gzip file"},
    {"\x28\xb5\x2f\xfd"sv, "a zstd file"},
    {"\xfd"
     "7zXZ\0"sv,
     "an xz file"},
    {"BZh"sv, "a bzip2 file"},
    {"PK\x03\x04"sv, "a zip file"},
    {"** This file contains an SQLite 2"sv, "a database of SQLite 2"},
    {"\x37\x7f\x06\x82"sv, "a write-ahead log of SQLite (-wal)"},
    {"\x37\x7f\x06\x83"sv, "a write-ahead log of SQLite (-wal)"},
    {"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"sv, "a rollback journal of SQLite (-journal)"},
    {"PRAGMA "sv, "a SQL dump"},
    {"BEGIN"sv, "a SQL dump"},
    {"CREATE "sv, "a SQL dump"},
    {"-- "sv, "a SQL dump"},
    {"{"sv, "a JSON file"},
    {"\x7f"
     "ELF"sv,
     "a program"},
};

bool is_text(ByteView bytes) {
    return std::ranges::all_of(text_of(bytes), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u >= 0x80 || (u >= 0x20 && u != 0x7f) || c == '\n' || c == '\r' || c == '\t';
    });
}

std::string_view what_it_looks_like(ByteView bytes) {
    if (is_all_zero(bytes)) return "all zeros";
    const std::string_view text = text_of(bytes);
    for (const Resemblance& one : resemblances) {
        if (text.starts_with(one.prefix)) return one.name;
    }
    if (is_text(bytes)) return "a text file";
    return "perhaps encrypted by another program (SQLCipher, SEE), or damaged at its start";
}

Error not_a_database(ByteView bytes) {
    return fail(ErrorCode::corrupt, "not a SQLite database: {}",
                what_it_looks_like(bytes.first(std::min(bytes.size(), database_header_size))))
        .with_advice("name the database's own file; one that another program encrypts has to be backed up by that program");
}

Result<void> check(const StoredHeader& stored, PageSize page_size) {
    if (stored.payload_fractions != std::array<std::uint8_t, 3>{64, 32, 32}) {
        return fail(ErrorCode::corrupt, "database header: the payload fractions at byte 21 are not 64, 32, 32");
    }
    if (stored.read_version > 2) {  // SQLite takes 0 for 1
        return fail(ErrorCode::corrupt, "database header: unknown read version {} at byte 19", stored.read_version);
    }
    if (page_size.bytes() - stored.reserved_bytes < smallest_usable_size) {
        return fail(ErrorCode::corrupt, "database header: {} of {} bytes of a page are reserved at byte 20",
                    stored.reserved_bytes, page_size.bytes());
    }
    return {};
}

}  // namespace

Result<DatabaseHeader> parse_database_header(ByteView first_bytes) {
    if (first_bytes.size() < database_header_size) {
        return fail(ErrorCode::corrupt, "not a SQLite database: {} bytes are too few for its header of {}",
                    first_bytes.size(), database_header_size);
    }
    if (!text_of(first_bytes).starts_with(magic)) return not_a_database(first_bytes);
    const auto stored = load<StoredHeader>(first_bytes);
    auto page_size = PageSize::from_stored(stored.page_size);
    if (!page_size) return std::move(page_size).error().while_doing("database header, byte 16");
    TRY(check(stored, *page_size));
    return DatabaseHeader{
        .page_size = *page_size,
        .write_version = stored.write_version,
        .read_version = stored.read_version,
        .reserved_bytes = stored.reserved_bytes,
        .change_counter = stored.change_counter,
        .page_count = stored.page_count,
        .schema_cookie = stored.schema_cookie,
        .encoding = stored.encoding,
        .user_version = stored.user_version,
        .application_id = stored.application_id,
        .version_valid_for = stored.version_valid_for,
        .largest_root_page = stored.largest_root_page,
        .incremental_vacuum = stored.incremental_vacuum,
    };
}

void mask_header_of_live_restore(MutableByteView first_page) {
    HOLDFAST_ASSERT(first_page.size() >= database_header_size);
    struct Field {
        std::size_t offset, size;
    };
    for (const Field field : {Field{18, 2}, Field{24, 4}, Field{40, 4}, Field{92, 8}}) {
        std::ranges::fill(first_page.subspan(field.offset, field.size), std::byte{0});
    }
}

}  // namespace holdfast::sqlite
