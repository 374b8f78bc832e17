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

std::uint32_t leans_on(const IndexRows::Row& row) { return row.bases + (row.dictionary ? 1u : 0u); }

// What goes into one table: some of the rows, in its order, and their packs, numbered as they are sorted, so that equal
// entries make equal tables.
class ChosenRows {
public:
    ChosenRows(const IndexRows& rows, std::span<const std::uint32_t> order) : rows_(rows), order_(order), numbers_(rows.packs().size()) {
        std::vector<bool> is_used(numbers_.size());
        for (const auto at : order_) {
            const auto& row = rows_.rows()[at];
            is_used[row.pack] = true;
            bases_ += leans_on(row);
        }
        for (std::uint32_t pack = 0; pack < is_used.size(); ++pack) {
            if (is_used[pack]) packs_.push_back(pack);
        }
        std::ranges::sort(packs_, {}, [&](std::uint32_t pack) { return rows_.packs()[pack]; });
        for (std::uint32_t i = 0; i < packs_.size(); ++i) numbers_[packs_[i]] = i;
    }
    TableLayout layout() const {
        TableLayout layout;
        layout.packs.items = packs_.size();
        layout.entries.items = order_.size();
        layout.bases.items = bases_;
        return layout;
    }
    void write_packs(BlockWriter& out) const {
        for (const auto pack : packs_) out.add(rows_.packs()[pack].hash.view(), ids_per_block);
        out.end_section();
    }
    void write_rows(BlockWriter& out) const {
        std::uint32_t first_base = 0;
        for (const auto at : order_) {
            const auto& row = rows_.rows()[at];
            std::array<std::byte, sizeof(TableRow)> bytes;
            save(as_it_lies(row, leans_on(row) == 0 ? 0 : first_base), MutableByteView(bytes));
            out.add(bytes, rows_per_block);
            first_base += leans_on(row);
        }
        out.end_section();
    }
    void write_bases(BlockWriter& out) const {
        for (const auto at : order_) {
            const auto& row = rows_.rows()[at];
            for (std::uint32_t i = 0; i < leans_on(row); ++i) out.add(rows_.bases()[row.first_base + i].hash.view(), ids_per_block);
        }
        out.end_section();
    }

private:
    TableRow as_it_lies(const IndexRows::Row& row, std::uint32_t first_base) const {
        return {.id = row.id.hash.bytes,
                .pack = numbers_[row.pack],
                .offset = row.offset,
                .stored_size = row.stored_size,
                .plain_size = row.plain_size,
                .type = static_cast<std::uint8_t>(row.type),
                .kind = static_cast<std::uint8_t>(row.kind),
                .bases = row.bases,
                .flags = row.dictionary ? row_dictionary_flag : std::uint8_t{0},
                .first_base = first_base};
    }

    const IndexRows& rows_;
    const std::span<const std::uint32_t> order_;
    std::vector<std::uint32_t> packs_;    // used ones, sorted by name
    std::vector<std::uint32_t> numbers_;  // of a pack in the rows: its number in the table
    std::uint64_t bases_ = 0;
};

}  // namespace

Result<BuiltTable> build_table(const IndexRows& rows, std::span<const std::uint32_t> order, const Keys& keys, host::Random& random) {
    if (order.size() > table_entries_max) {
        return fail(ErrorCode::invalid, "build index table: {} entries are more than {}", order.size(), table_entries_max);
    }
    const TableProof proof = TRY(TableProof::begin(keys, random));
    const ChosenRows chosen(rows, order);
    const TableLayout layout = chosen.layout();

    Bytes bytes;
    bytes.reserve(layout.table_size());
    append(bytes, proof.start());
    BlockWriter out(proof, bytes);
    chosen.write_packs(out);
    chosen.write_rows(out);
    chosen.write_bases(out);
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
    return build_table(rows, rows.table_order(), keys, random);
}

store::ObjectName table_name(TableId id) { return store::ObjectName(("index/" + id.hex()).c_str()); }

}  // namespace holdfast::repository
