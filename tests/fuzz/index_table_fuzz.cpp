// Index tables from outside: opening, finding and walking, also where every check is right and the content is not.
#include "fuzz/keys_for_fuzzing.h"
#include "holdfast/repository/index_table.h"
#include "holdfast/repository/table_layout.h"
#include "holdfast/repository/table_proof.h"
#include "support/memory_store.h"

namespace {

using namespace holdfast;
using namespace holdfast::repository;

void read_table(const Bytes& bytes) {
    const TableId id{sha256(bytes)};
    tests::MemoryStore store({{table_name(id).text(), bytes}});
    const auto table = IndexTable::open(store, plain_keys(), id);
    if (!table) return;
    std::vector<IndexEntry> found;
    ChunkId wanted;
    (void)(*table)->find(wanted, found);
    (void)(*table)->for_each([&](const IndexEntry& entry) -> Result<void> {
        wanted = entry.id;
        return {};
    });
    (void)(*table)->for_each_pack([](const PackId&) {});
    (void)(*table)->find(wanted, found);
    wanted.hash.bytes.fill(std::byte{0xFF});
    (void)(*table)->find(wanted, found);
}

// The input as the blocks of a table with as many packs, entries and bases as its first bytes say.
Bytes table_of(ByteView input) {
    NoRandom random;
    TableLayout layout;
    ByteReader in(input, "input");
    const auto next = [&] { return in.u8().value_or(0); };
    layout.packs.items = next();
    layout.entries.items = next() * std::uint64_t{4};
    layout.bases.items = next() * std::uint64_t{4};
    Bytes content = copy_of(input.subspan(std::min<std::size_t>(3, input.size())));
    const auto proof = TableProof::begin(plain_keys(), random).value();
    Bytes table = copy_of(proof.start());
    std::uint64_t number = 1;
    std::size_t at = 0;
    for (const TableSection* section : {&layout.packs, &layout.entries, &layout.bases}) {
        for (std::uint64_t block = 0; block < section->blocks(); ++block) {
            Bytes bytes(section->bytes_in(block));
            const std::size_t there = std::min(bytes.size(), content.size() - at);
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at), there, bytes.begin());
            at += there;
            append(table, proof.close(number++, bytes));
        }
    }
    TableFooter footer{};
    footer.packs = static_cast<std::uint32_t>(layout.packs.items);
    footer.entries = static_cast<std::uint32_t>(layout.entries.items);
    footer.bases = static_cast<std::uint32_t>(layout.bases.items);
    Bytes footer_bytes(sizeof(TableFooter));
    save(footer, MutableByteView(footer_bytes));
    append(table, proof.close(0, footer_bytes));
    return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input = std::as_bytes(std::span(data, size));
    read_table(copy_of(input));
    read_table(table_of(input));
    return 0;
}
