// WalReaders: how far the readers of a connected database look into its WAL, as its wal-index tells.
#pragma once

#include <array>

#include "holdfast/sqlite/wal.h"

namespace holdfast::sqlite {

// A reader holds a shared lock on one of these bytes of the -shm file; its slot's mark says up to which frame it reads.
// A checkpoint writes no frame above the lowest mark in use into the database (https://sqlite.org/walformat.html, 2.3).
constexpr std::uint64_t first_reader_lock = 123;
constexpr std::size_t reader_slots = 5;
constexpr std::uint64_t connected_lock = 128;   // of every connection, shared, as long as it has the -shm open
constexpr std::uint64_t wal_writer_lock = 120;

struct WalReaders {
    FrameNumber backfilled;                          // frames that the database file has already
    std::array<std::uint32_t, reader_slots> marks{};  // of slots that nobody holds they mean nothing
};
// From RawFile::wal_index_head(). `corrupt` when that is too short.
Result<WalReaders> parse_wal_readers(ByteView wal_index_head);

}  // namespace holdfast::sqlite
