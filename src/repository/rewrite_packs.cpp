#include "holdfast/repository/rewrite_packs.h"

#include <span>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/packer.h"

namespace holdfast::repository {

namespace {

Result<EncodedChunk> take_entry(ByteView pack, const PackHeader& header, const Rewritten& wanted) {
    const auto& place = wanted.entry;
    if (place.offset > pack.size() || place.stored_size > pack.size() - place.offset) {
        return fail(ErrorCode::corrupt, "an entry of the index lies behind its end");
    }
    const ByteView bytes = pack.subspan(place.offset, place.stored_size);
    EntryHeader entry = TRY(parse_entry_header(bytes));
    if (entry.id != wanted.id || entry.stored_size() != place.stored_size) {
        return fail(ErrorCode::corrupt, "another entry lies at byte {}", place.offset);
    }
    Bytes room;
    const ByteView payload = TRY(unseal_payload(header, entry, bytes, room));
    EncodedChunk chunk{.type = entry.type,
                       .kind = entry.kind,
                       .plain_size = entry.plain_size,
                       .id = entry.id,
                       .dictionary = entry.dictionary,
                       .bases = std::move(entry.bases),
                       .payload = {}};
    chunk.payload = room.empty() ? copy_of(payload) : std::move(room);
    return chunk;
}

// The pack is not what it is named by: what is wanted of it may be whole all the same, and what is not goes with it.
Result<void> expect_proven(const Repository& repository, PackId pack, const Rewritten& wanted) {
    for (const auto& entry : TRY(repository.index().find(wanted.id))) {
        if (entry.place.pack != pack || entry.place.offset != wanted.entry.offset) continue;
        TRY(repository.chunks().read_entry(entry));
        return {};
    }
    return fail(ErrorCode::corrupt, "its bytes are not those it is named by");
}

Result<void> rewrite_pack(const Repository& repository, PackId id, std::span<const Rewritten> entries, Packer& packer) {
    const auto name = pack_name(id);
    const Bytes pack = TRY(repository.store().get(name, limits::pack_size_max));
    const bool is_whole = sha256(pack) == id.hash;
    const auto header = TRY(open_pack_header(pack, repository.keys()));
    for (const auto& entry : entries) {
        const auto proven = is_whole ? Result<void>() : expect_proven(repository, id, entry);
        auto chunk = proven ? take_entry(pack, header, entry) : Result<EncodedChunk>(proven.error().copy());
        if (!chunk) return std::move(chunk).error().while_doing(format("read {}", name.text()));
        TRY(packer.add(*chunk));
    }
    return {};
}

Result<void> rewrite_all(const Repository& repository, const RewriteRequest& request, const Watch& watch, Packer& packer) {
    std::span<const Rewritten> rest = request.entries;
    for (std::size_t i = 0; i < request.packs.size(); ++i) {
        TRY(watch.go_on());
        watch.at({.phase = "repacking", .done = i, .total = request.packs.size(), .unit = "packs"});
        std::size_t count = 0;
        while (count < rest.size() && rest[count].entry.pack == rest.front().entry.pack) ++count;
        TRY(rewrite_pack(repository, request.packs[i], rest.first(count), packer));
        rest = rest.subspan(count);
    }
    return packer.finish();
}

}  // namespace

Result<void> rewrite_packs(Repository& repository, const RewriteRequest& request, const Watch& watch, RewrittenPacks& written) {
    Reuse reuse({.store = repository.store(), .index = repository.index()}, {});
    Packer packer({.store = repository.store(),
                   .keys = repository.keys(),
                   .random = repository.host().random,
                   .pool = *repository.options().pool,
                   .index = repository.index(),
                   .reuse = reuse});
    auto all = rewrite_all(repository, request, watch, packer);
    static_cast<void>(packer.finish());  // after an error: nothing stays on its way
    if (all) {
        auto flushed = repository.flush_index();
        if (!flushed) all = std::move(flushed).error();
    }
    written.packs = reuse.own_packs();
    written.bytes = packer.bytes_put();
    return all;
}

}  // namespace holdfast::repository
