#include "holdfast/repository/check_chunks.h"

#include <algorithm>
#include <set>
#include <span>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/index_rows.h"
#include "holdfast/repository/payload.h"
#include "holdfast/repository/prune_plan.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t chunks_per_task = 16;
constexpr unsigned packs_in_flight_max = 3;
constexpr unsigned batches_in_flight_max = 8;

bool is_damage(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new || code == ErrorCode::denied;
}

// --- listed ---

// Missing bases make those bad that lean on them. Packs that the index speaks of and that have gone are told by name.
Result<void> tell_missing(const ChunkCheck& check, const ChosenEntries& chosen) {
    if (chosen.missing.empty()) return {};
    const std::unordered_set<ChunkId, NameHasher> missing(chosen.missing.begin(), chosen.missing.end());
    std::set<PackId> packs;
    TRY(check.repository.index().for_each([&](const IndexEntry& entry) -> Result<void> {
        if (!missing.contains(entry.id)) return {};
        const auto name = pack_name(entry.place.pack).text();
        check.trees.add_bad(entry.id, {.object = name, .why = "its pack is missing"});
        if (packs.insert(entry.place.pack).second) check.report.objects.push_back({name, "it is missing", false});
        return {};
    }));
    for (const auto& id : chosen.missing) check.trees.add_bad(id, {.object = {}, .why = "it is in no pack"});
    for (const auto& id : chosen.leaning_on_missing) check.trees.add_bad(id, {.object = {}, .why = "a chunk it leans on is in no pack"});
    return {};
}

// Whether it is this entry of the index that was chosen for its chunk.
bool is_chosen(const ListedChunks& listed, const IndexEntry& entry) {
    const auto chosen = listed.chosen.entries.find(entry.id);
    return chosen != listed.chosen.entries.end() && listed.packs[chosen->second.pack].id == entry.place.pack &&
           chosen->second.offset == entry.place.offset;
}

Result<void> check_places(const ChunkCheck& check, const ListedChunks& listed) {
    std::vector<bool> is_cut(listed.packs.size());
    std::unordered_map<ChunkId, std::string, NameHasher> lost;
    for (const auto& [id, entry] : listed.chosen.entries) {
        const auto& pack = listed.packs[entry.pack];
        if (std::uint64_t{entry.offset} + entry.stored_size <= pack.size) continue;
        const auto name = pack_name(pack.id).text();
        check.trees.add_bad(id, {.object = name, .why = "its pack has been cut short"});
        if (!is_cut[entry.pack]) check.report.objects.push_back({name, "it has been cut short", false});
        is_cut[entry.pack] = true;
        lost.emplace(id, name);
    }
    if (lost.empty()) return {};
    return check.repository.index().for_each([&](const IndexEntry& entry) -> Result<void> {
        const auto base = std::ranges::find_if(entry.bases, [&](const ChunkId& one) { return lost.contains(one); });
        if (base == entry.bases.end() || !is_chosen(listed, entry)) return {};
        check.trees.add_bad(entry.id, {.object = lost.at(*base), .why = "a chunk it leans on lies in a pack that has been cut short"});
        return {};
    });
}

Result<void> check_dictionaries(const ChunkCheck& check, const ListedChunks& listed) {
    for (const auto& id : listed.chosen.dictionaries) {
        const auto read = get_dictionary(check.repository.store(), check.repository.keys(), id);
        if (read) continue;
        if (!is_damage(read.error().code())) return read.error().copy();
        const auto name = dictionary_name(id).text();
        check.report.objects.push_back({name, read.error().message(), false});
        TRY(check.repository.index().for_each([&](const IndexEntry& entry) -> Result<void> {
            if (entry.dictionary == id && is_chosen(listed, entry)) check.trees.add_bad(entry.id, {.object = name, .why = "the dictionary it was compressed with cannot be read"});
            return {};
        }));
    }
    return {};
}

// --- hashed: whole packs ---

struct BadChunk {
    ChunkId id;
    std::string object;
    std::string why;
};
// One pack on its way through the pool.
struct PackTask {
    std::uint32_t pack = 0;
    std::span<const Rewritten> entries;
    std::vector<BadChunk> bad;
    std::optional<std::string> damage;  // of the pack as an object
    std::uint64_t bytes_read = 0;
};

// Decodes entries out of a pack's bytes. One thread.
class EntryProof {
public:
    EntryProof(const Repository& repository, ByteView pack) : repository_(repository), pack_(pack) {}

    Result<void> prove(const Rewritten& wanted) {
        if (!header_) header_ = TRY(open_pack_header(pack_, repository_.keys()));
        const auto& place = wanted.entry;
        if (std::uint64_t{place.offset} + place.stored_size > pack_.size()) return fail(ErrorCode::corrupt, "its pack has been cut short");
        const ByteView bytes = pack_.subspan(place.offset, place.stored_size);
        const EntryHeader entry = TRY(parse_entry_header(bytes));
        if (entry.id != wanted.id) return fail(ErrorCode::corrupt, "another entry lies in its place");
        Bytes room;
        const ByteView payload = TRY(unseal_payload(*header_, entry, bytes, room));
        std::vector<std::shared_ptr<const Bytes>> owned;
        std::vector<ByteView> bases;
        for (const auto& base : entry.bases) {
            owned.push_back(TRY(repository_.chunks().read_cached(base, entry.type)));
            bases.push_back(*owned.back());
        }
        std::shared_ptr<const Dictionary> dictionary;
        if (entry.dictionary) dictionary = TRY(repository_.chunks().dictionary(*entry.dictionary));
        if (entry.plain_size > limits::chunk_size_max) return fail(ErrorCode::corrupt, "it tells of a size that no chunk has");
        plain_.resize(entry.plain_size);
        TRY(decode_payload(entry, payload, {.decompressor = decompressor_, .bases = bases, .dictionary = dictionary.get()}, plain_));
        if (repository_.keys().name_of(entry.type, plain_) == entry.id) return {};
        return fail(ErrorCode::corrupt, "its bytes are not those that its id names");
    }

private:
    const Repository& repository_;
    ByteView pack_;
    std::optional<PackHeader> header_;
    Decompressor decompressor_;
    Bytes plain_;
};

Result<void> prove_pack(const ChunkCheck& check, const ListedChunks& listed, PackTask& task) {
    const PackId id = listed.packs[task.pack].id;
    const auto name = pack_name(id);
    const auto bytes = check.repository.store().get(name, limits::pack_size_max);
    if (!bytes && !is_damage(bytes.error().code())) return bytes.error().copy();
    const bool is_gone = !bytes && bytes.error().code() == ErrorCode::not_found;  // pruned meanwhile, perhaps
    if (!bytes && !is_gone) task.damage = bytes.error().message();
    if (bytes && sha256(*bytes) != id.hash) task.damage = "its bytes are not those it is named by";
    task.bytes_read = bytes ? bytes->size() : 0;
    EntryProof proof(check.repository, bytes ? ByteView(*bytes) : ByteView());
    for (const auto& entry : task.entries) {
        auto proven = bytes ? proof.prove(entry) : Result<void>(bytes.error().copy());
        if (proven) continue;
        // Perhaps it lies in another pack as well; then nothing is lost.
        const auto read = check.repository.chunks().read(entry.id, entry.entry.type);
        if (!read && !is_damage(read.error().code())) return read.error().copy();
        if (!read) task.bad.push_back({entry.id, name.text(), proven.error().message()});
    }
    if (is_gone && !task.bad.empty()) task.damage = "it is missing";
    return {};
}

Result<void> check_whole_packs(const ChunkCheck& check, const ListedChunks& listed) {
    std::vector<std::uint32_t> all(listed.packs.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto entries = entries_in(all, listed.chosen);
    std::span<const Rewritten> rest = entries;
    std::uint32_t next = 0;
    const auto make = [&](PackTask& task) -> Result<bool> {
        TRY(check.watch.go_on());
        if (next == all.size()) return false;
        task = {};
        task.pack = next++;
        std::size_t count = 0;
        while (count < rest.size() && rest[count].entry.pack == task.pack) ++count;
        task.entries = rest.first(count);
        rest = rest.subspan(count);
        return true;
    };
    const auto work = [&](PackTask& task) { return prove_pack(check, listed, task); };
    const auto take = [&](PackTask& task) -> Result<void> {
        check.watch.at({.phase = "checking packs", .done = task.pack + 1u, .total = all.size(), .unit = "packs"});
        ++check.report.objects_checked;
        check.report.bytes_read += task.bytes_read;
        check.report.chunks_checked += task.entries.size();
        if (task.damage) check.report.objects.push_back({pack_name(listed.packs[task.pack].id).text(), *task.damage, false});
        for (auto& bad : task.bad) check.trees.add_bad(bad.id, {.object = bad.object, .why = bad.why});
        return {};
    };
    auto& pool = *check.repository.options().pool;
    return host::OrderedPipeline<PackTask>::run(pool, std::min(pool.size(), packs_in_flight_max), {make, work, take});
}

// --- hashed: only the entries needed ---

struct ChunksTask {
    std::span<const Rewritten> entries;
    Bytes plain;
    std::vector<BadChunk> bad;
};

// Places of a type side by side are read together; types are read apart.
Result<void> prove_chunks(const ChunkCheck& check, const ListedChunks& listed, ChunksTask& task) {
    std::size_t size = 0;
    for (const auto& one : task.entries) size += one.entry.plain_size;
    task.plain.resize(size);
    for (const auto type : {ChunkType::extent, ChunkType::node, ChunkType::directory}) {
        MutableByteView room = task.plain;
        std::vector<ChunkReader::Wanted> wanted;
        std::vector<const Rewritten*> which;
        for (const auto& one : task.entries) {
            if (one.entry.type != type) continue;
            wanted.push_back({.id = one.id, .into = room.first(one.entry.plain_size)});
            which.push_back(&one);
            room = room.subspan(one.entry.plain_size);
        }
        TRY(check.repository.chunks().read_many(wanted, type, [&](std::size_t i, const Error& why) {
            task.bad.push_back({which[i]->id, pack_name(listed.packs[which[i]->entry.pack].id).text(), why.message()});
        }));
    }
    return {};
}

Result<void> check_needed_entries(const ChunkCheck& check, const ListedChunks& listed) {
    std::vector<Rewritten> entries;
    for (const auto& [id, entry] : listed.chosen.entries) {
        if (check.listed_only != nullptr && check.listed_only->contains(id)) continue;
        if (entry.plain_size <= limits::chunk_size_max) entries.push_back({id, entry});
        else check.trees.add_bad(id, {.object = {}, .why = "the index tells of a size that no chunk has"});
    }
    std::ranges::sort(entries, {}, [](const Rewritten& one) { return std::pair(one.entry.pack, one.entry.offset); });
    std::span<const Rewritten> rest = entries;
    std::uint64_t done = 0;
    const auto make = [&](ChunksTask& task) -> Result<bool> {
        TRY(check.watch.go_on());
        task.entries = rest.first(std::min(rest.size(), chunks_per_task));
        task.bad.clear();
        rest = rest.subspan(task.entries.size());
        return !task.entries.empty();
    };
    const auto work = [&](ChunksTask& task) { return prove_chunks(check, listed, task); };
    const auto take = [&](ChunksTask& task) -> Result<void> {
        done += task.entries.size();
        check.watch.at({.phase = "checking chunks", .done = done, .total = entries.size(), .unit = "chunks"});
        for (const auto& one : task.entries) check.report.bytes_read += one.entry.stored_size;
        check.report.chunks_checked += task.entries.size();
        for (auto& bad : task.bad) check.trees.add_bad(bad.id, {.object = bad.object, .why = bad.why});
        return {};
    };
    auto& pool = *check.repository.options().pool;
    return host::OrderedPipeline<ChunksTask>::run(pool, std::min(2 * pool.size() + 1, batches_in_flight_max), {make, work, take});
}

// What cannot be made because of a chunk it leans on lies in a pack that may be whole: the other's is to be mended.
Result<void> blame_bases(const ChunkCheck& check, const ListedChunks& listed) {
    if (!check.trees.any_bad()) return {};
    std::vector<IndexEntry> leaning;
    TRY(check.repository.index().for_each([&](const IndexEntry& entry) -> Result<void> {
        if (!entry.bases.empty() && check.trees.is_bad(entry.id) && is_chosen(listed, entry)) leaning.push_back(entry);
        return {};
    }));
    for (const auto& entry : leaning) {
        for (const auto& base : entry.bases) {
            const auto read = check.repository.chunks().read(base, entry.type);
            if (read) continue;
            if (!is_damage(read.error().code())) return read.error().copy();
            const auto places = TRY(check.repository.index().find(base));
            if (places.empty()) continue;
            check.trees.blame(entry.id, {.object = pack_name(places.front().place.pack).text(),
                                         .why = "a chunk it leans on cannot be read: " + read.error().message()});
            break;
        }
    }
    return {};
}

}  // namespace

Result<ListedChunks> check_listed(const ChunkCheck& check) {
    const auto& repository = check.repository;
    ListedChunks listed;
    listed.packs = TRY(list_packs(repository.store(), {}, {}));
    // The tables alone: the repository's own index may have helped itself to the packs already, and would hide a loss.
    const auto tables = TRY(Index::open(repository.store(), repository.keys()));
    listed.chosen = TRY(choose_entries(*tables, check.trees.live(), listed.packs));
    if (!listed.chosen.missing.empty()) {
        const auto missing = listed.chosen.missing.size();
        listed.chosen = TRY(choose_entries(repository.index(), check.trees.live(), listed.packs));
        if (!listed.chosen.missing.empty()) {  // it knows by now which tables are damaged
            TRY(repository.index().recover());
            listed.chosen = TRY(choose_entries(repository.index(), check.trees.live(), listed.packs));
        }
        if (listed.chosen.missing.size() < missing) {
            check.report.objects.push_back({"index", "tables are missing or damaged: chunks were found only by reading packs; the next prune writes them again", true});
        }
    }
    TRY(tell_missing(check, listed.chosen));
    TRY(check_places(check, listed));
    TRY(check_dictionaries(check, listed));
    return listed;
}

Result<void> check_hashed(const ChunkCheck& check, const ListedChunks& listed, ReadPacks how) {
    TRY(how == ReadPacks::whole ? check_whole_packs(check, listed) : check_needed_entries(check, listed));
    return blame_bases(check, listed);
}

}  // namespace holdfast::repository
