// Packs from outside: walking, unsealing and decoding whatever lies in one.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/base/wire.h"
#include "holdfast/repository/payload.h"

namespace {

using namespace holdfast;
using namespace holdfast::repository;

// Gives every entry header in the bytes its right check: the fuzzer would not find it.
void mend_checks(Bytes& pack) {
    const ByteView magic = bytes_of(entry_magic);
    for (auto at = pack.begin(); (at = std::search(at, pack.end(), magic.begin(), magic.end())) != pack.end(); ++at) {
        const auto rest = static_cast<std::size_t>(pack.end() - at);
        if (rest < entry_header_size_min) return;
        const std::size_t ids = static_cast<std::size_t>(at[6]) + (static_cast<std::size_t>(at[7]) & 1);
        const std::size_t checked = 52 + 32 * ids;
        if (rest < checked + 8) continue;
        ByteWriter check;
        check.u64(short_fingerprint({&*at, checked}, 0));
        std::ranges::copy(check.view(), at + static_cast<std::ptrdiff_t>(checked));
    }
}

void read_entry(const PackHeader& pack, const EntryHeader& header, ByteView entry) {
    static Decompressor decompressor;
    Bytes room, plain(header.plain_size);
    const auto payload = unseal_payload(pack, header, entry, room);
    if (!payload || header.dictionary) return;
    const std::vector<ByteView> bases(header.bases.size(), entry);
    (void)decode_payload(header, *payload, {.decompressor = decompressor, .bases = bases}, plain);
}

void read_pack(ByteView pack, const Keys& keys) {
    const auto start = open_pack_header(pack, keys);
    std::size_t end = 0;
    PackWalk walk;
    walk.entry = [&](std::uint32_t offset, const EntryHeader& header) {
        HOLDFAST_ASSERT(offset + std::size_t{header.stored_size()} <= pack.size());
        if (start) read_entry(*start, header, pack.subspan(offset, header.stored_size()));
    };
    walk.damage = [&](std::uint32_t offset, std::uint32_t size, const Error&) {
        HOLDFAST_ASSERT((size > 0 || pack.empty()) && offset >= end && offset + std::size_t{size} <= pack.size());
        end = offset + std::size_t{size};
    };
    walk_pack(pack, walk);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes pack = copy_of(std::as_bytes(std::span(data, size)));
    read_pack(pack, plain_keys());
    read_pack(pack, sealed_keys());
    mend_checks(pack);
    read_pack(pack, plain_keys());
    return 0;
}
