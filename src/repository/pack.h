// Packs: objects that hold many chunks, each entry describing itself (docs/formats/repository.md, 6).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

// An entry's header, as it lies in the pack before the payload.
struct EntryHeader {
    ChunkType type = ChunkType::extent;
    EntryKind kind = EntryKind::raw;
    std::uint32_t slot = 0;
    std::uint32_t plain_size = 0;
    std::uint32_t payload_size = 0;  // stored, with the tag when sealed
    ChunkId id;
    std::optional<ChunkId> dictionary;
    std::vector<ChunkId> bases;
    std::uint32_t header_size() const;
    std::uint32_t stored_size() const { return header_size() + payload_size; }
};
// From the first bytes of an entry; corrupt when the check, a limit or the magic is wrong.
Result<EntryHeader> parse_entry_header(ByteView bytes);
constexpr std::size_t entry_header_size_min = 60;
constexpr std::size_t entry_header_size_max = 60 + 32 * 17;

// A chunk as it is going to be stored: before sealing, before it has a slot.
struct EncodedChunk {
    ChunkType type = ChunkType::extent;
    EntryKind kind = EntryKind::raw;
    std::uint32_t plain_size = 0;
    ChunkId id;
    std::optional<ChunkId> dictionary;
    std::vector<ChunkId> bases;
    Bytes payload;
};

// Where an entry lies.
struct EntryPlace {
    PackId pack;
    std::uint32_t offset = 0;       // of the header
    std::uint32_t stored_size = 0;  // header and payload
};

// Builds one pack in memory. One thread.
class PackBuilder {
public:
    static Result<PackBuilder> begin(const Keys& keys, host::Random& random);
    // Seals and appends; returns the offset of the entry's header. `full` when the pack would outgrow pack_size_max.
    Result<std::uint32_t> add(const EncodedChunk& chunk);
    std::size_t size() const;
    std::size_t entries() const;
    struct Finished {
        PackId id;
        Bytes bytes;
    };
    Finished finish() &&;

private:
    PackBuilder(std::optional<Aead> cipher, Bytes start);
    std::optional<Aead> cipher_;  // none: plain
    Bytes bytes_;
    std::uint32_t slots_ = 0;
};
store::ObjectName pack_name(PackId id);

// What a reader needs of a pack before its entries: the header's epoch and salt, made into a cipher.
struct PackHeader {
    std::optional<Aead> cipher;  // none: plain
};
constexpr std::size_t pack_header_size = 48;
Result<PackHeader> open_pack_header(ByteView first_bytes, const Keys& keys);

// The payload of a whole entry (header and payload bytes), unsealed. The plain content is not proven yet.
// The result lies in `entry` when the pack is plain, else in `room`.
Result<ByteView> unseal_payload(const PackHeader& pack, const EntryHeader& header, ByteView entry, Bytes& room);

// Walks the entries of a pack's bytes in order, without a key. A damaged entry is reported and passed over by searching
// for the next magic whose header proves; what is found so may be the content of a chunk that looks like an entry, and
// is harmless, since nobody uses bytes that their id does not prove. Payloads are not looked at. Never fails: it reports.
struct PackWalk {
    std::function<void(std::uint32_t offset, const EntryHeader& header)> entry;
    std::function<void(std::uint32_t offset, std::uint32_t size, const Error& why)> damage;
};
void walk_pack(ByteView pack, const PackWalk& walk);

}  // namespace holdfast::repository
