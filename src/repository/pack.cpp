#include "holdfast/repository/pack.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::repository {

namespace {

struct PackStart {
    std::array<char, 8> magic;
    std::uint8_t format;
    std::uint8_t flags;
    LittleEndian<std::uint16_t> zero;
    LittleEndian<std::uint32_t> epoch;
    std::array<std::byte, salt_size> salt;
};
static_assert(sizeof(PackStart) == pack_header_size);

// An entry's header: this, then the dictionary's id, the bases' ids, and 8 bytes of check over all of it.
struct EntryStart {
    std::array<char, 4> magic;
    std::uint8_t type;
    std::uint8_t kind;
    std::uint8_t bases;
    std::uint8_t flags;
    LittleEndian<std::uint32_t> slot;
    LittleEndian<std::uint32_t> plain_size;
    LittleEndian<std::uint32_t> payload_size;
    std::array<std::byte, 32> id;
};
static_assert(sizeof(EntryStart) == 52);

constexpr std::uint8_t dictionary_flag = 1;
constexpr std::size_t id_size = 32;
constexpr std::size_t check_size = sizeof(std::uint64_t);
static_assert(sizeof(EntryStart) + check_size == entry_header_size_min);

Error bad_entry(std::string_view why) { return fail(ErrorCode::corrupt, "read pack entry: {}", why); }

// A patch needs a base, a copy list one to sixteen; only compressed payloads may use a dictionary.
bool is_possible(const EntryStart& start) {
    if (start.type < 1 || start.type > static_cast<std::uint8_t>(ChunkType::directory)) return false;
    if (start.kind > static_cast<std::uint8_t>(EntryKind::copy_list)) return false;
    if ((start.flags & ~dictionary_flag) != 0 || start.bases > limits::bases_max) return false;
    if (start.plain_size > limits::chunk_size_max || start.payload_size > limits::chunk_stored_max) return false;
    const auto kind = static_cast<EntryKind>(start.kind);
    const bool leans = kind == EntryKind::patch || kind == EntryKind::copy_list;
    if (leans != (start.bases > 0)) return false;
    return start.flags == 0 || kind == EntryKind::compressed;
}

ChunkId id_at(ByteView bytes) {
    ChunkId id;
    std::copy_n(bytes.begin(), id_size, id.hash.bytes.begin());
    return id;
}

Bytes header_bytes(const EncodedChunk& chunk, std::uint32_t slot, std::size_t payload_size) {
    const EntryStart start{.magic = {'H', 'F', 'e', 'n'},
                           .type = static_cast<std::uint8_t>(chunk.type),
                           .kind = static_cast<std::uint8_t>(chunk.kind),
                           .bases = static_cast<std::uint8_t>(chunk.bases.size()),
                           .flags = chunk.dictionary ? dictionary_flag : std::uint8_t{0},
                           .slot = slot,
                           .plain_size = chunk.plain_size,
                           .payload_size = static_cast<std::uint32_t>(payload_size),
                           .id = chunk.id.hash.bytes};
    HOLDFAST_ASSERT(is_possible(start));
    Bytes header(sizeof(EntryStart));
    save(start, MutableByteView(header));
    if (chunk.dictionary) append(header, chunk.dictionary->hash.view());
    for (const auto& base : chunk.bases) append(header, base.hash.view());
    ByteWriter check;
    check.u64(short_fingerprint(header, 0));
    append(header, check.view());
    return header;
}

}  // namespace

std::uint32_t EntryHeader::header_size() const {
    const std::size_t ids = bases.size() + (dictionary ? 1 : 0);
    return static_cast<std::uint32_t>(entry_header_size_min + ids * id_size);
}

Result<EntryHeader> parse_entry_header(ByteView bytes) {
    if (bytes.size() < entry_header_size_min) return bad_entry("it is cut short");
    if (text_of(bytes.first(entry_magic.size())) != entry_magic) return bad_entry("there is none here");
    const auto start = load<EntryStart>(bytes);
    if (!is_possible(start)) return bad_entry("its header is damaged");
    EntryHeader header{.type = static_cast<ChunkType>(start.type),
                       .kind = static_cast<EntryKind>(start.kind),
                       .slot = start.slot,
                       .plain_size = start.plain_size,
                       .payload_size = start.payload_size,
                       .id = ChunkId{Hash{start.id}},
                       .dictionary = {},
                       .bases = std::vector<ChunkId>(start.bases)};
    const bool named = start.flags == dictionary_flag;
    const std::size_t checked = sizeof(EntryStart) + (header.bases.size() + (named ? 1 : 0)) * id_size;
    if (bytes.size() < checked + check_size) return bad_entry("it is cut short");
    const auto check = load<LittleEndian<std::uint64_t>>(bytes.subspan(checked));
    if (check != short_fingerprint(bytes.first(checked), 0)) return bad_entry("its header is damaged");

    ByteView ids = bytes.subspan(sizeof(EntryStart));
    if (named) {
        header.dictionary = id_at(ids);
        ids = ids.subspan(id_size);
    }
    for (auto& base : header.bases) {
        base = id_at(ids);
        ids = ids.subspan(id_size);
    }
    return header;
}

// --- building ---

PackBuilder::PackBuilder(std::optional<Aead> cipher, Bytes start) : cipher_(std::move(cipher)), bytes_(std::move(start)) {}

Result<PackBuilder> PackBuilder::begin(const Keys& keys, host::Random& random) {
    PackStart start{.magic = {},
                    .format = format_version,
                    .flags = keys.is_sealed() ? sealed_flag : std::uint8_t{0},
                    .zero = std::uint16_t{0},
                    .epoch = keys.newest_epoch(),
                    .salt = {}};
    pack_magic.copy(start.magic.data(), start.magic.size());
    random.fill(start.salt);
    std::optional<Aead> cipher;
    if (keys.is_sealed()) cipher.emplace(TRY(keys.cipher(start.epoch, start.salt, pack_purpose)));
    Bytes bytes;
    bytes.reserve(limits::pack_size_target + limits::chunk_stored_max);  // touched only as far as it is filled
    bytes.resize(sizeof(PackStart));
    save(start, MutableByteView(bytes));
    return PackBuilder(std::move(cipher), std::move(bytes));
}

Result<std::uint32_t> PackBuilder::add(const EncodedChunk& chunk) {
    const std::size_t payload_size = chunk.payload.size() + (cipher_ ? aead_tag_size : 0);
    const Bytes header = header_bytes(chunk, slots_, payload_size);
    if (bytes_.size() + header.size() + payload_size > limits::pack_size_max) {
        return fail(ErrorCode::full, "add to pack: it has {} bytes already", bytes_.size());
    }
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    append(bytes_, header);
    if (cipher_) {
        const ByteView bound = ByteView(header).first(header.size() - check_size);
        append(bytes_, cipher_->seal({.nonce = slots_, .associated = bound}, chunk.payload));
    } else {
        append(bytes_, chunk.payload);
    }
    ++slots_;
    return offset;
}

std::size_t PackBuilder::size() const { return bytes_.size(); }
std::size_t PackBuilder::entries() const { return slots_; }

PackBuilder::Finished PackBuilder::finish() && {
    const PackId id{sha256(bytes_)};
    return {.id = id, .bytes = std::move(bytes_)};
}

store::ObjectName pack_name(PackId id) {
    const std::string hex = id.hex();
    return store::ObjectName(format("packs/{}/{}", hex.substr(0, 2), hex).c_str());
}

// --- reading ---

Result<PackHeader> open_pack_header(ByteView first_bytes, const Keys& keys) {
    if (first_bytes.size() < sizeof(PackStart)) return fail(ErrorCode::corrupt, "read pack: it is cut short");
    const auto start = load<PackStart>(first_bytes);
    if (text_of(first_bytes.first(pack_magic.size())) != pack_magic) return fail(ErrorCode::corrupt, "read pack: it is not one");
    TRY(check_format(start.format));
    if ((start.flags & ~sealed_flag) != 0 || start.zero != 0) return fail(ErrorCode::corrupt, "read pack: its header is damaged");
    const bool sealed = start.flags == sealed_flag;
    if (sealed != keys.is_sealed() || (!sealed && start.epoch != 0)) {
        return fail(ErrorCode::corrupt, "read pack: it is {}sealed, in a repository that is{}", sealed ? "" : "not ",
                    sealed ? " not" : "");
    }
    PackHeader header;
    if (sealed) header.cipher.emplace(TRY(keys.cipher(start.epoch, start.salt, pack_purpose)));
    return header;
}

Result<ByteView> unseal_payload(const PackHeader& pack, const EntryHeader& header, ByteView entry, Bytes& room) {
    if (entry.size() != header.stored_size()) return bad_entry("it is cut short");
    const ByteView payload = entry.subspan(header.header_size());
    if (!pack.cipher) return payload;
    const ByteView bound = entry.first(header.header_size() - check_size);
    auto plain = pack.cipher->open({.nonce = header.slot, .associated = bound}, payload);
    if (!plain) return bad_entry("its seal is broken");
    room = std::move(plain).value();
    return ByteView(room);
}

namespace {

// Walks one pack's bytes. An entry is trusted to say where the next one lies only if the next one is there: else the
// search begins inside it, since it may be content that looks like an entry, found while searching, whose end is not the
// end of anything, and real entries lie behind its beginning.
class PackWalker {
public:
    PackWalker(ByteView pack, const PackWalk& walk) : pack_(pack), walk_(walk) {}

    void run() {
        if (auto start = check_start(); !start) report(0, std::min(pack_.size(), pack_header_size), start.error());
        std::size_t at = pack_header_size;
        while (at < pack_.size()) {
            auto header = entry_at(at);
            if (!header) {
                at = search({.from = at + 1, .damaged_from = at}, header.error());
                continue;
            }
            walk_.entry(static_cast<std::uint32_t>(at), *header);
            const std::size_t next = at + header->stored_size();
            at = is_followed(next, *header) ? next : search({.from = at + 1, .damaged_from = next}, bad_entry("there is none here"));
        }
    }

private:
    // What can be seen without a key. Damage here does not keep the entries from being found.
    Result<void> check_start() const {
        if (pack_.size() < sizeof(PackStart)) return fail(ErrorCode::corrupt, "read pack: it is cut short");
        if (text_of(pack_.first(pack_magic.size())) != pack_magic) return fail(ErrorCode::corrupt, "read pack: it is not one");
        return check_format(load<PackStart>(pack_).format);
    }

    Result<EntryHeader> entry_at(std::size_t at) const {
        auto header = parse_entry_header(pack_.subspan(at));
        if (header && header->stored_size() > pack_.size() - at) return bad_entry("it is cut short");
        return header;
    }

    bool is_followed(std::size_t next, const EntryHeader& header) const {
        if (next == pack_.size()) return true;
        const auto follower = entry_at(next);
        return follower && follower->slot == header.slot + 1;
    }

    struct Search {
        std::size_t from = 0;
        std::size_t damaged_from = 0;
    };
    // Where the next entry lies that proves, or the end; what lies before it is reported.
    std::size_t search(Search search, const Error& why) const {
        std::size_t at = next_magic(search.from);
        while (at < pack_.size() && !entry_at(at)) at = next_magic(at + 1);
        if (search.damaged_from < at) report(search.damaged_from, at, why);
        return at;
    }

    std::size_t next_magic(std::size_t from) const {
        const ByteView magic = bytes_of(entry_magic);
        const auto found = std::search(pack_.begin() + static_cast<std::ptrdiff_t>(std::min(from, pack_.size())), pack_.end(),
                                       magic.begin(), magic.end());
        return static_cast<std::size_t>(found - pack_.begin());
    }

    void report(std::size_t from, std::size_t to, const Error& why) const {
        if (walk_.damage) walk_.damage(static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from), why);
    }

    ByteView pack_;
    const PackWalk& walk_;
};

}  // namespace

void walk_pack(ByteView pack, const PackWalk& walk) {
    HOLDFAST_ASSERT(pack.size() <= UINT32_MAX);
    PackWalker(pack, walk).run();
}

}  // namespace holdfast::repository
