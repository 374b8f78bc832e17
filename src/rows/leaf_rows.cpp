#include "holdfast/rows/leaf_rows.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::rows {
namespace {

using sqlite::BtreeCell;
using sqlite::BtreePage;

// The cells of a leaf in the order of their rowids, which it proves.
class Cells {
public:
    static Result<Cells> of(ByteView bytes, sqlite::PageNumber page, const StoredTable& table) {
        Cells cells(page);
        if (bytes.empty()) return cells;
        const auto parsed = BtreePage::parse(bytes, page, table.trees->usable_size());
        if (!parsed || !parsed->is_leaf() || !parsed->is_table()) return fail(ErrorCode::corrupt, "page {}: it is no leaf of a table", page.value);
        cells.size_max_ = table.trees->image().size();
        cells.leaf_ = *parsed;
        return cells;
    }
    Result<void> next() {
        const std::size_t count = leaf_ ? leaf_->cell_count() : 0;
        is_there_ = next_ < count;
        if (!is_there_) return {};
        const auto cell = leaf_->cell(next_);
        const bool is_in_order = cell && (next_ == 0 || cell_.row_id < cell->row_id);
        if (!is_in_order || cell->payload_size > size_max_) return fail(ErrorCode::corrupt, "page {}: its cell {} is damaged", page_.value, next_);
        cell_ = *cell;
        ++next_;
        return {};
    }
    bool is_there() const { return is_there_; }
    const BtreeCell& cell() const { return cell_; }
    RowPlace place() const { return {.page = page_, .cell = static_cast<std::uint16_t>(next_ - 1)}; }

private:
    explicit Cells(sqlite::PageNumber page) : page_(page) {}
    sqlite::PageNumber page_;
    std::optional<BtreePage> leaf_;
    std::uint64_t size_max_ = 0;
    std::size_t next_ = 0;
    BtreeCell cell_;
    bool is_there_ = false;
};

class Looking {
public:
    Looking(const RowMatch& match, LeafRows& into) : match_(match), into_(into) {}

    Result<void> run(const LeafOfBoth& leaf) {
        auto before = TRY(Cells::of(leaf.before, leaf.page, match_.side(Which::before))), after = TRY(Cells::of(leaf.after, leaf.page, match_.side(Which::after)));
        TRY(before.next());
        TRY(after.next());
        while (before.is_there() || after.is_there()) {
            const bool takes_before = before.is_there() && (!after.is_there() || before.cell().row_id <= after.cell().row_id);
            const bool takes_after = after.is_there() && (!before.is_there() || after.cell().row_id <= before.cell().row_id);
            if (takes_before && takes_after) TRY(take_both(before, after));
            else if (takes_before) TRY(take_lone(Which::before, before));
            else TRY(take_lone(Which::after, after));
            if (takes_before) TRY(before.next());
            if (takes_after) TRY(after.next());
        }
        return {};
    }

private:
    sqlite::OverflowChain chain_of(Which which, const BtreeCell& cell) {
        const auto chain = sqlite::overflow_of(cell, match_.side(which).trees->usable_size());
        if (chain.pages > 0) (which == Which::before ? into_.chains_before : into_.chains_after).push_back(chain);
        return chain;
    }
    // Of a cell without overflow pages.
    Result<Row> row_of(Which which, const BtreeCell& cell) const {
        const StoredTable& table = match_.side(which);
        return table.layout->read(sqlite::StoredPayload(*table.trees, nullptr, cell), cell.row_id);
    }

    Result<void> take_both(const Cells& before, const Cells& after) {
        const BtreeCell &mine = before.cell(), &theirs = after.cell();
        const auto my_chain = chain_of(Which::before, mine), their_chain = chain_of(Which::after, theirs);
        const bool is_same_cell = match_.versions().is_same_record && mine.payload_size == theirs.payload_size && mine.overflow == theirs.overflow && std::ranges::equal(mine.local, theirs.local);
        if (!is_same_cell && match_.is_surely_changed(mine, theirs)) {
            ++into_.changed;
            return {};
        }
        if (my_chain.pages + their_chain.pages > 0) {
            into_.long_rows.push_back({.row_id = mine.row_id, .before = before.place(), .after = after.place(), .overflow = my_chain, .is_same_cell = is_same_cell});
            return {};
        }
        if (is_same_cell) return {};
        const Row row = TRY(row_of(Which::before, mine)), other = TRY(row_of(Which::after, theirs));
        if (match_.is_by_key() && !match_.has_same_key(row, other, Nulls::are_equal)) {
            into_.other_keys.push_back({.row_id = mine.row_id, .key_hash_before = match_.key_hash(row, Which::before), .key_hash_after = match_.key_hash(other, Which::after)});
        } else if (!TRY(match_.is_same_row(row, other))) {
            ++into_.changed;
        }
        return {};
    }

    Result<void> take_lone(Which which, const Cells& cells) {
        const bool is_before = which == Which::before;
        const BtreeCell& cell = cells.cell();
        LoneRow lone{.row_id = cell.row_id, .print = {}, .place = cells.place(), .overflow = chain_of(which, cell)};
        if (match_.side(is_before ? Which::after : Which::before).layout == nullptr) {
            ++(is_before ? into_.removed : into_.added);
            return {};
        }
        if (lone.overflow.pages > 0) {
            lone.print = print_of_cell(cell);
        } else {
            const Row row = TRY(row_of(which, cell));
            lone.print = TRY(match_.print_of(row, which));
            if (match_.is_by_key()) lone.key_hash = match_.key_hash(row, which);
        }
        (is_before ? into_.only_before : into_.only_after).push_back(lone);
        return {};
    }

    static Fingerprint print_of_cell(const BtreeCell& cell) {
        ByteWriter bytes;
        bytes.u64(cell.payload_size);
        bytes.u64(cell.overflow.value);
        bytes.counted_text(text_of(cell.local));
        return fingerprint(bytes.view(), 0);
    }

    const RowMatch& match_;
    LeafRows& into_;
};

}  // namespace

Result<void> look_at_leaf(const RowMatch& match, const LeafOfBoth& leaf, LeafRows& into) { return Looking(match, into).run(leaf); }

}  // namespace holdfast::rows
