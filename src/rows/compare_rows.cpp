#include "holdfast/rows/compare_rows.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/rows/pair_by_key.h"

namespace holdfast::rows {
namespace {

using sqlite::StoredPayload;
using sqlite::TreeCursor;

constexpr std::uint64_t rows_between_looks = 4096;

// A cursor with its row, which is read when somebody asks for it.
class RowCursor {
public:
    RowCursor(const StoredTable& table, std::vector<sqlite::TreeSpot> spots) : table_(table) {
        if (table.root.value != 0) cursor_.emplace(*table.trees, std::move(spots));
    }
    Result<void> next() {
        row_.reset();
        is_there_ = cursor_ && TRY(cursor_->next());
        if (!is_there_ || cursor_->is_of_table() == has_rowid()) return {};
        return fail(ErrorCode::corrupt, "page {}: it is of another kind of b-tree than its table", cursor_->page().value);
    }
    bool is_there() const { return is_there_; }
    std::int64_t row_id() const { return cursor_->cell().row_id; }
    StoredPayload payload() const { return cursor_->payload(); }
    Result<const Row*> row() {
        if (!row_) {
            auto row = table_.layout->read(cursor_->payload(), has_rowid() ? std::optional(row_id()) : std::nullopt);
            if (!row) return std::move(row).error().while_doing(format("page {}", cursor_->page().value));
            row_ = std::move(*row);
        }
        return &*row_;
    }

private:
    bool has_rowid() const { return table_.layout->stored_key().empty(); }

    const StoredTable& table_;
    std::optional<TreeCursor> cursor_;
    std::optional<Row> row_;
    bool is_there_ = false;
};

class Comparing {
public:
    Comparing(const RowVersions& versions, sqlite::ChangedSpots spots, ChangeSink* sink, const GoOn& go_on, TableDifference& found)
        : versions_(versions), match_(versions), spots_(std::move(spots)), sink_(sink), go_on_(go_on), found_(found) {}

    Result<void> by_order() {
        RowCursor before(versions_.before, std::move(spots_.before)), after(versions_.after, std::move(spots_.after));
        TRY(before.next());
        TRY(after.next());
        for (std::uint64_t count = 0; before.is_there() || after.is_there(); ++count) {
            if (count % rows_between_looks == 0) TRY(go_on_());
            const int order = !before.is_there() ? 1 : !after.is_there() ? -1 : TRY(order_of(before, after));
            if (order == 0) TRY(take_both(before, after));
            if (order < 0) TRY(take_removed(before));
            if (order > 0) TRY(take_added(after));
            if (order <= 0) TRY(before.next());
            if (order >= 0) TRY(after.next());
        }
        const auto rows = sink_ ? PairByKey::Rows::given : PairByKey::Rows::left_out;
        return unpaired_.run(match_, rows, [this](const RowChange& change) { return tell(change); }, go_on_);
    }

    // Each pass counts the rows whose fingerprints fall into its part, so that no more than so many are remembered.
    Result<void> by_content() {
        constexpr std::uint64_t rows_per_pass = 1'000'000;
        const std::uint64_t rows = std::max(TRY(count_rows(versions_.before, spots_.before)), TRY(count_rows(versions_.after, spots_.after)));
        const std::uint64_t passes = rows / rows_per_pass + 1;
        for (std::uint64_t pass = 0; pass < passes; ++pass) TRY(content_pass(pass, passes));
        return {};
    }

private:
    Result<int> order_of(RowCursor& before, RowCursor& after) const {
        const auto &key = versions_.before.layout->stored_key(), &other_key = versions_.after.layout->stored_key();
        if (key.empty()) return before.row_id() < after.row_id() ? -1 : (before.row_id() > after.row_id() ? 1 : 0);
        const Row &mine = *TRY(before.row()), &theirs = *TRY(after.row());
        for (std::size_t i = 0; i < key.size(); ++i) {
            const int order = compare_fields(match_.before_field(mine, key[i].field), match_.after_field(theirs, other_key[i].field), key[i].order);
            if (order != 0) return order;
        }
        return 0;
    }

    Result<void> take_both(RowCursor& before, RowCursor& after) {
        if (versions_.is_same_record && TRY(is_same_payload(before.payload(), after.payload()))) return {};
        const Row &mine = *TRY(before.row()), &theirs = *TRY(after.row());
        if (match_.is_by_key() && !match_.has_same_key(mine, theirs, Nulls::are_equal)) {
            TRY(take_removed(before));
            return take_added(after);
        }
        if (TRY(match_.is_same_row(mine, theirs))) return {};
        return tell({.change = Change::changed, .before = &mine, .after = &theirs});
    }

    Result<void> take_removed(RowCursor& row) {
        if (!match_.is_by_key()) return tell({.change = Change::removed, .before = sink_ ? TRY(row.row()) : nullptr});
        unpaired_.add(Which::before, row.row_id(), match_.key_hash(*TRY(row.row()), Which::before));
        return {};
    }
    Result<void> take_added(RowCursor& row) {
        if (!match_.is_by_key()) return tell({.change = Change::added, .before = nullptr, .after = sink_ ? TRY(row.row()) : nullptr});
        unpaired_.add(Which::after, row.row_id(), match_.key_hash(*TRY(row.row()), Which::after));
        return {};
    }

    Result<void> tell(const RowChange& change) {
        found_.count(change.change);
        return sink_ ? sink_->row(versions_.table, change) : Result<void>();
    }

    // --- by content ---

    static Result<std::uint64_t> count_rows(const StoredTable& table, const std::vector<sqlite::TreeSpot>& spots) {
        std::uint64_t count = 0;
        for (const auto& spot : spots) count += spot.cell < 0 ? TRY(table.trees->tree_page(spot.page)).page.cell_count() : 1;
        return count;
    }

    struct FingerprintOrder {
        bool operator()(const Fingerprint& one, const Fingerprint& other) const { return std::pair(one.high, one.low) < std::pair(other.high, other.low); }
    };
    using Counts = std::map<Fingerprint, std::int64_t, FingerprintOrder>;

    template <typename Visit>
    Result<void> for_each_row(Which side, Visit visit) const {
        RowCursor cursor(match_.side(side), side == Which::before ? spots_.before : spots_.after);
        TRY(cursor.next());
        for (std::uint64_t count = 0; cursor.is_there(); ++count) {
            if (count % rows_between_looks == 0) TRY(go_on_());
            TRY(visit(*TRY(cursor.row()), side));
            TRY(cursor.next());
        }
        return {};
    }

    Result<void> content_pass(std::uint64_t pass, std::uint64_t passes) {
        Counts surplus;  // of the rows before
        const auto count = [&](const Row& row, Which side) -> Result<void> {
            const auto print = TRY(match_.print_of(row, side));
            if (print.low % passes == pass) surplus[print] += side == Which::before ? 1 : -1;
            return {};
        };
        TRY(for_each_row(Which::before, count));
        TRY(for_each_row(Which::after, count));
        std::erase_if(surplus, [](const auto& one) { return one.second == 0; });
        if (surplus.empty()) return {};
        const auto tell_surplus = [&](const Row& row, Which side) -> Result<void> {
            const std::int64_t sign = side == Which::before ? 1 : -1;
            const auto found = surplus.find(TRY(match_.print_of(row, side)));
            if (found == surplus.end() || found->second * sign <= 0) return {};
            found->second -= sign;
            return side == Which::before ? tell({.change = Change::removed, .before = &row}) : tell({.change = Change::added, .before = nullptr, .after = &row});
        };
        TRY(for_each_row(Which::before, tell_surplus));
        return for_each_row(Which::after, tell_surplus);
    }

    const RowVersions& versions_;
    RowMatch match_;
    sqlite::ChangedSpots spots_;
    ChangeSink* sink_;
    const GoOn& go_on_;
    TableDifference& found_;
    PairByKey unpaired_;
};

}  // namespace

Result<void> compare_rows(const RowVersions& versions, sqlite::ChangedSpots spots, ChangeSink* sink, const GoOn& go_on, TableDifference& found) {
    const bool is_by_content = versions.table.identity == Identity::content && versions.before.root.value != 0 && versions.after.root.value != 0;
    Comparing comparing(versions, std::move(spots), sink, go_on, found);
    return is_by_content ? comparing.by_content() : comparing.by_order();
}

}  // namespace holdfast::rows
