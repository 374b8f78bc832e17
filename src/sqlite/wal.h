// Write-ahead logs: the file's header and frames (https://sqlite.org/fileformat2.html, section 4), and the wal-index
// header that tells which frames are committed now. Nothing here opens files: bytes come through RawFile.
#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::sqlite {

constexpr std::uint64_t wal_header_size = 32;
constexpr std::uint64_t wal_frame_header_size = 24;

struct FrameNumber {
    std::uint32_t value = 0;  // from 1; 0 is "none"
    auto operator<=>(const FrameNumber&) const = default;
};

struct WalChecksum {
    std::uint32_t s0 = 0, s1 = 0;
    bool operator==(const WalChecksum&) const = default;
};
// The running checksum over `bytes` (a multiple of 8), words read big- or little-endian as the WAL's magic says.
WalChecksum wal_checksum(WalChecksum start, ByteView bytes, bool big_endian_words);

struct WalHeader {
    PageSize page_size;
    bool big_endian_checksum = false;
    std::uint32_t checkpoint_sequence = 0;
    std::array<std::byte, 8> salts{};  // as they lie in the file
    WalChecksum checksum;
};
// Fails `corrupt` (bad magic, version, checksum or page size): SQLite ignores such a WAL altogether.
Result<WalHeader> parse_wal_header(ByteView bytes);

// The wal-index header of a connected database (native byte order; facts 2.2).
struct WalIndexHeader {
    PageSize page_size;
    FrameNumber last_frame;          // mxFrame: what is committed now
    PageNumber database_pages;       // nPage after that frame
    WalChecksum last_frame_checksum;
    std::array<std::byte, 8> salts{};
    FrameNumber backfilled;          // nBackfill
};
// nullopt when the two copies differ or the checksum is wrong: look again. `corrupt` for an unknown version.
Result<std::optional<WalIndexHeader>> parse_wal_index_header(ByteView head);

// Which frame holds the newest committed content of each page.
struct WalMap {
    WalHeader header;
    FrameNumber last_frame;                                   // the commit frame it ends with; 0: no committed frame
    PageNumber database_pages;                                // database size after last_frame
    WalChecksum checksum;                                     // running checksum at last_frame
    std::unordered_map<std::uint32_t, FrameNumber> frame_of;  // by page number; pages above database_pages dropped
};
// Reads frames from 1, proving salts and the chained checksum, up to `until` (which must then be reached and be a
// commit: else `corrupt`), or, without it, to the last commit frame of the valid chain (the rest is ignored, as
// SQLite's recovery does). Returns nullopt for an empty or headerless WAL. `resume` (a map of the same salts) lets it
// start after frames already read.
struct WalScanOptions {
    std::optional<FrameNumber> until;
    const WalMap* resume = nullptr;
};
Result<std::optional<WalMap>> scan_wal(const RawFile& wal, WalScanOptions options = {});

// The image "frames of the map over the file": what a reader at map.last_frame sees. Keeps references to both files.
std::unique_ptr<Image> wal_image(const RawFile& database, const RawFile& wal, WalMap map);

}  // namespace holdfast::sqlite
