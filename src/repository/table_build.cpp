#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/index_rows.h"
#include "holdfast/repository/table_layout.h"
#include "holdfast/repository/table_proof.h"

namespace holdfast::repository {

namespace {

// Appends items and closes a block, with its check, whenever one is full and at the end of a section. Blocks count from
// 1: 0 is the footer's.
class BlockWriter {
public:
    BlockWriter(const TableProof& proof, Bytes& out) : proof_(proof), out_(out) {}

    void add(ByteView item, std::uint32_t items_per_block) {
        append(block_, item);
        if (++items_ == items_per_block) end_section();
    }
    void end_section() {
        if (items_ == 0) return;
        append(out_, proof_.close(number_++, block_));
        block_.clear();
        items_ = 0;
    }

private:
    const TableProof& proof_;
    Bytes& out_;
    Bytes block_;
    std::uint32_t items_ = 0;
    std::uint64_t number_ = 1;
};

TableRow as_it_lies(const IndexRows::Row& row, std::uint32_t first_base) {
    return {.id = row.id.hash.bytes,
            .pack = row.pack,
            .offset = row.offset,
            .stored_size = row.stored_size,
            .plain_size = row.plain_size,
            .type = static_cast<std::uint8_t>(row.type),
            .kind = static_cast<std::uint8_t>(row.kind),
            .bases = row.bases,
            .flags = row.dictionary ? row_dictionary_flag : std::uint8_t{0},
            .first_base = first_base};
}

std::uint32_t leans_on(const IndexRows::Row& row) { return row.bases + (row.dictionary ? 1u : 0u); }

void write_rows(const IndexRows& rows, BlockWriter& out) {
    std::uint32_t first_base = 0;
    for (const auto& row : rows.rows()) {
        std::array<std::byte, sizeof(TableRow)> bytes;
        save(as_it_lies(row, leans_on(row) == 0 ? 0 : first_base), MutableByteView(bytes));
        out.add(bytes, rows_per_block);
        first_base += leans_on(row);
    }
    out.end_section();
}

void write_bases(const IndexRows& rows, BlockWriter& out) {
    for (const auto& row : rows.rows()) {
        for (std::uint32_t i = 0; i < leans_on(row); ++i) {
            out.add(rows.bases()[row.first_base + i].hash.view(), ids_per_block);
        }
    }
    out.end_section();
}

}  // namespace

Result<BuiltTable> build_table(const IndexRows& rows, const Keys& keys, host::Random& random) {
    if (rows.size() > table_entries_max) {
        return fail(ErrorCode::invalid, "build index table: {} entries are more than {}", rows.size(), table_entries_max);
    }
    const TableProof proof = TRY(TableProof::begin(keys, random));
    TableLayout layout;
    layout.packs.items = rows.packs().size();
    layout.entries.items = rows.size();
    for (const auto& row : rows.rows()) layout.bases.items += leans_on(row);

    Bytes bytes;
    bytes.reserve(layout.table_size());
    append(bytes, proof.start());
    BlockWriter out(proof, bytes);
    for (const auto& pack : rows.packs()) out.add(pack.hash.view(), ids_per_block);
    out.end_section();
    write_rows(rows, out);
    write_bases(rows, out);
    const TableFooter footer{.packs = static_cast<std::uint32_t>(layout.packs.items),
                             .entries = static_cast<std::uint32_t>(layout.entries.items),
                             .bases = static_cast<std::uint32_t>(layout.bases.items),
                             .zero = 0u,
                             .zeros = {}};
    std::array<std::byte, sizeof(TableFooter)> footer_bytes;
    save(footer, MutableByteView(footer_bytes));
    append(bytes, proof.close(0, footer_bytes));
    HOLDFAST_ASSERT(bytes.size() == layout.table_size());
    return BuiltTable{.id = TableId{sha256(bytes)}, .bytes = std::move(bytes)};
}

Result<BuiltTable> build_table(std::vector<IndexEntry> entries, const Keys& keys, host::Random& random) {
    IndexRows rows;
    for (const auto& entry : entries) rows.add(entry);
    rows.sort();
    return build_table(rows, keys, random);
}

store::ObjectName table_name(TableId id) { return store::ObjectName(("index/" + id.hex()).c_str()); }

}  // namespace holdfast::repository
