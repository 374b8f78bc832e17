// The constants of the repository format; docs/formats/repository.md says what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/hash.h"

namespace holdfast::repository {

constexpr std::uint8_t format_version = 0x01;
constexpr std::string_view config_text = "holdfast repository";

// Magics: the first bytes of an envelope, a pack, an entry in a pack, an index table.
constexpr std::string_view envelope_magic{"HOLDFAST", 8};
constexpr std::string_view pack_magic{"HFPACK\0\0", 8};
constexpr std::string_view entry_magic{"HFen", 4};
constexpr std::string_view table_magic{"HFINDEX\0", 8};

// What HKDF makes separate keys for, out of one epoch key and an object's salt.
constexpr std::string_view envelope_purpose = "holdfast envelope";
constexpr std::string_view pack_purpose = "holdfast pack";
constexpr std::string_view table_purpose = "holdfast index";
constexpr std::string_view slot_purpose = "holdfast key slot";

constexpr std::size_t salt_size = 32;
constexpr std::uint8_t sealed_flag = 1;

std::string name_of_format(std::uint8_t byte);  // "version 1"
// too_new, naming the format by number and word, unless the byte is format_version.
Result<void> check_format(std::uint8_t byte);

enum class ObjectType : std::uint8_t {
    config = 1, key_slot, dictionary, session, snapshot, note, gap, condemned, mark, lease,
};
std::string name_of(ObjectType type);  // "key slot"

// The domain byte of a chunk id, and the type of a pack entry.
enum class ChunkType : std::uint8_t { extent = 1, node = 2, directory = 3, dictionary = 4, snapshot = 5 };

enum class EntryKind : std::uint8_t { raw = 0, compressed = 1, patch = 2, copy_list = 3 };

// Strong names over the same 256 bits.
template <typename Tag>
struct Name {
    Hash hash;
    auto operator<=>(const Name&) const = default;
    std::string hex() const { return hash.hex(); }
};
using ChunkId = Name<struct ChunkTag>;        // keyed; names plain content
using PackId = Name<struct PackTag>;          // SHA-256 of a pack's bytes
using TableId = Name<struct TableTag>;        // SHA-256 of an index table's bytes
using SnapshotId = Name<struct SnapshotTag>;  // keyed; names a snapshot's record

struct NameHasher {
    template <typename Tag>
    std::size_t operator()(const Name<Tag>& name) const noexcept { return HashHasher{}(name.hash); }
};

// The number people say: #43. From 1; never used twice.
struct SnapshotNumber {
    std::uint64_t value = 0;
    auto operator<=>(const SnapshotNumber&) const = default;
};

}  // namespace holdfast::repository
