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

// Where a frame (its 24 bytes of header, then the page) lies in the file.
inline std::uint64_t offset_of(FrameNumber frame, PageSize size) {
    return wal_header_size + std::uint64_t{frame.value - 1} * (wal_frame_header_size + size.bytes());
}

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
    bool operator==(const WalHeader&) const = default;
};
// `corrupt` (too short, bad magic, page size or checksum): SQLite ignores such a WAL altogether. `too_new` (unknown
// version): SQLite refuses the database.
Result<WalHeader> parse_wal_header(ByteView bytes);

// The wal-index header of a connected database (native byte order; facts 2.2).
struct WalIndexHeader {
    std::optional<PageSize> page_size;  // none: nothing has been in the WAL since the index was built
    FrameNumber last_frame;             // mxFrame: what is committed now; 0: nothing, the database file is everything
    PageNumber database_pages;          // nPage after that frame; means nothing when last_frame is 0
    WalChecksum last_frame_checksum;
    std::array<std::byte, 8> salts{};
    FrameNumber backfilled;             // nBackfill
    bool operator==(const WalIndexHeader&) const = default;
};
// nullopt when the two copies differ or the checksum is wrong: look again. `too_new` for an unknown version.
Result<std::optional<WalIndexHeader>> parse_wal_index_header(ByteView head);

// Which frame holds the newest committed content of each page. Pages above database_pages may be among them: a page
// that a later commit brings back without writing it has the content of its old frame, as SQLite reads it.
struct WalMap {
    WalHeader header;
    FrameNumber last_frame;                                   // the commit frame it ends with; 0: no committed frame
    PageNumber database_pages;                                // database size after last_frame
    WalChecksum checksum;                                     // running checksum at last_frame
    std::unordered_map<std::uint32_t, FrameNumber> frame_of;  // by page number
    FrameNumber first_of_page_one = {};                       // the first committed frame of page 1; 0: none
    FrameNumber unproven_from;                                // 0: every frame is proven. See WalScanOptions::vouched
};
// Reads frames from 1, proving salts and the chained checksum, up to `until` (which must then be reached and be a
// commit: else `corrupt`), or, without it, to the last commit frame of the valid chain (the rest is ignored, as
// SQLite's recovery does). Returns nullopt for an empty or headerless WAL. `resume` lets it start after frames already
// read, if its header and its last frame still stand in the file; otherwise it starts anew. Memory: O(distinct pages).
struct WalScanOptions {
    std::optional<FrameNumber> until = {};
    const WalMap* resume = nullptr;
    // `until` is what the wal-index of a connected database says, so frames up to it count even where the chain breaks.
    // Needed because SQLite (measured: 3.40.1) breaks it itself: a transaction that rewrites spilled frames, then rolls
    // back to a savepoint before them, commits frames with zero salts and checksums. Its readers and checkpoints take
    // such frames; only recovery after a crash loses them, and every commit behind them. WalMap::unproven_from tells.
    bool vouched = false;
};
Result<std::optional<WalMap>> scan_wal(const RawFile& wal, WalScanOptions options = {});

// The change counter in page 1 of the file, where it can be no file of the past of this WAL; none: it can, or nothing tells.
//
// The first frame of page 1 has the counter of the file on which the WAL was begun, or one more, and it never falls. A
// checkpoint brings one of these into the file. So a counter outside of that is of a file that was put there since. (Tried
// with SQLite 3.40.1: of 474 states after random writes, checkpoints, VACUUMs and deaths of 3 connections none was outside.)
Result<std::optional<std::uint32_t>> foreign_change_counter(const RawFile& database, const RawFile& wal, const WalMap& map);

// Whether a checkpoint can have written into the file: some page in it is as its newest frame has it. Reads what the map names until then.
Result<bool> holds_pages_of(const RawFile& database, const RawFile& wal, const WalMap& map);

// The image "frames of the map over the file": what a reader at map.last_frame (not 0) sees. Pages that are neither in
// the map nor in the file are zeros: SQLite never wrote them ("growth pages": allocated and freed in one transaction).
// Keeps references to both files.
std::unique_ptr<Image> wal_image(const RawFile& database, const RawFile& wal, WalMap map);

}  // namespace holdfast::sqlite
