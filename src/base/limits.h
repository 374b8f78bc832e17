// Named limits on every length that comes from outside. One place, so that they can be read and argued about.
#pragma once

#include <cstdint>

namespace holdfast::limits {

constexpr std::uint64_t extent_size = 64 * 1024;             // bytes of a file that one chunk holds
constexpr std::uint64_t chunk_size_max = 1024 * 1024;        // plain bytes of any chunk
constexpr std::uint64_t chunk_stored_max = 2 * 1024 * 1024;  // stored bytes of any chunk
constexpr std::uint64_t pack_size_target = 16 * 1024 * 1024;
constexpr std::uint64_t pack_size_max = 64 * 1024 * 1024;
constexpr std::uint64_t bases_max = 16;                      // chunks that one patch or copy list leans on
constexpr std::uint64_t node_children_max = 256;
constexpr std::uint64_t tree_levels_max = 7;
constexpr std::uint64_t dictionary_size_max = 128 * 1024;
constexpr std::uint64_t small_object_max = 16 * 1024 * 1024;  // snapshot, note, key, session
constexpr std::uint64_t index_table_max = 1ull << 34;
constexpr std::uint64_t record_fields_max = 1 << 20;          // fields of one tagged record
constexpr std::uint64_t name_size_max = 4096;
constexpr std::uint64_t comment_size_max = 64 * 1024;
constexpr std::uint64_t operation_size_max = 1024;           // name of an operation, head of an audit log
constexpr std::uint64_t tags_max = 256;
constexpr std::uint64_t members_max = 100'000;
constexpr std::uint64_t folder_entries_max = 1'000'000;      // what lies in one folder of a companion
constexpr std::uint64_t folder_listing_max = 1ull << 30;     // bytes
constexpr std::uint64_t folder_depth_max = 512;              // folders within folders of a companion
constexpr std::uint64_t wal_frames_max = 1ull << 32;

}  // namespace holdfast::limits
