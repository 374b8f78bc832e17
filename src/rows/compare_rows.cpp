#include "holdfast/rows/compare_rows.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::rows {
namespace {

using sqlite::StoredPayload;
using sqlite::TreeCursor;

constexpr std::uint64_t rows_between_looks = 4096;

Result<bool> is_same_payload(const StoredPayload& one, const StoredPayload& other) {
    if (one.size() != other.size() || !std::ranges::equal(one.local(), other.local())) return false;
    constexpr std::size_t piece = 64 * 1024;
    Bytes mine, theirs;
    for (std::uint64_t at = one.local().size(); at < one.size(); at += piece) {
        mine.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece, one.size() - at)));
        theirs.resize(mine.size());
        TRY(one.read(at, mine));
        TRY(other.read(at, theirs));
        if (mine != theirs) return false;
    }
    return true;
}

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

enum class Which : std::uint8_t { before, after };

// NULLs in a key: of one row under one rowid they are the same, of two rows they are not.
enum class Nulls : std::uint8_t { are_equal, differ };

// A row for which no row of the same rowid was found: it may be there under another.
struct Unpaired {
    std::uint64_t key_hash = 0;
    std::int64_t row_id = 0;
};

class Comparing {
public:
    Comparing(RowVersions versions, ChangeSink* sink, const GoOn& go_on, TableDifference& found)
        : versions_(std::move(versions)), sink_(sink), go_on_(go_on), found_(found) {}

    Result<void> by_order() {
        RowCursor before(versions_.before, std::move(versions_.spots.before)), after(versions_.after, std::move(versions_.spots.after));
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
        return pair_by_key();
    }

    // Each pass counts the rows whose fingerprints fall into its part, so that no more than so many are remembered.
    Result<void> by_content() {
        constexpr std::uint64_t rows_per_pass = 1'000'000;
        const std::uint64_t rows = std::max(TRY(count_rows(versions_.before, versions_.spots.before)), TRY(count_rows(versions_.after, versions_.spots.after)));
        const std::uint64_t passes = rows / rows_per_pass + 1;
        for (std::uint64_t pass = 0; pass < passes; ++pass) TRY(content_pass(pass, passes));
        return {};
    }

private:
    EncodedField before_field(const Row& row, std::size_t field) const { return {row.fields[field], versions_.table.encoding_before}; }
    EncodedField after_field(const Row& row, std::size_t field) const { return {row.fields[field], versions_.table.encoding_after}; }
    bool is_by_key() const { return versions_.table.identity == Identity::primary_key && versions_.before.layout && versions_.after.layout && versions_.after.layout->stored_key().empty(); }

    Result<int> order_of(RowCursor& before, RowCursor& after) const {
        const auto &key = versions_.before.layout->stored_key(), &other_key = versions_.after.layout->stored_key();
        if (key.empty()) return before.row_id() < after.row_id() ? -1 : (before.row_id() > after.row_id() ? 1 : 0);
        const Row &mine = *TRY(before.row()), &theirs = *TRY(after.row());
        for (std::size_t i = 0; i < key.size(); ++i) {
            const int order = compare_fields(before_field(mine, key[i].field), after_field(theirs, other_key[i].field), key[i].order);
            if (order != 0) return order;
        }
        return 0;
    }

    Result<bool> is_same_row(const Row& before, const Row& after) const {
        for (const auto& [mine, theirs] : versions_.common) {
            if (!TRY(is_same(before_field(before, mine), after_field(after, theirs)))) return false;
        }
        return true;
    }

    bool has_same_key(const Row& before, const Row& after, Nulls nulls) const {
        const auto &key = versions_.before.layout->declared_key(), &other_key = versions_.after.layout->declared_key();
        for (std::size_t i = 0; i < key.size(); ++i) {
            const auto mine = before_field(before, key[i].field), theirs = after_field(after, other_key[i].field);
            if (nulls == Nulls::differ && std::holds_alternative<std::monostate>(mine.field)) return false;
            if (compare_fields(mine, theirs, key[i].order) != 0) return false;
        }
        return true;
    }

    Result<void> take_both(RowCursor& before, RowCursor& after) {
        if (versions_.is_same_record && TRY(is_same_payload(before.payload(), after.payload()))) return {};
        const Row &mine = *TRY(before.row()), &theirs = *TRY(after.row());
        if (is_by_key() && !has_same_key(mine, theirs, Nulls::are_equal)) {
            TRY(take_removed(before));
            return take_added(after);
        }
        if (TRY(is_same_row(mine, theirs))) return {};
        return tell({.change = Change::changed, .before = &mine, .after = &theirs});
    }

    Result<void> take_removed(RowCursor& row) {
        if (is_by_key()) unpaired_before_.push_back({key_hash(*TRY(row.row()), versions_.before.layout->declared_key(), versions_.table.encoding_before), row.row_id()});
        else TRY(tell({.change = Change::removed, .before = sink_ ? TRY(row.row()) : nullptr}));
        return {};
    }
    Result<void> take_added(RowCursor& row) {
        if (is_by_key()) unpaired_after_.push_back({key_hash(*TRY(row.row()), versions_.after.layout->declared_key(), versions_.table.encoding_after), row.row_id()});
        else TRY(tell({.change = Change::added, .before = nullptr, .after = sink_ ? TRY(row.row()) : nullptr}));
        return {};
    }

    Result<void> tell(const RowChange& change) {
        found_.count(change.change);
        return sink_ ? sink_->row(versions_.table, change) : Result<void>();
    }

    static std::uint64_t key_hash(const Row& row, const std::vector<RowLayout::KeyPart>& key, sqlite::TextEncoding encoding) {
        std::uint64_t hash = 0;
        for (const auto& part : key) {
            const std::uint64_t both[2] = {hash, hash_of({row.fields[part.field], encoding}, part.order)};
            hash = short_fingerprint(std::as_bytes(std::span(both)), 0);
        }
        return hash;
    }

    static Result<Row> fetch(const StoredTable& table, std::int64_t row_id) {
        auto found = TRY(table.trees->find_row(table.root, row_id));
        if (!found) return fail(ErrorCode::corrupt, "the row with rowid {} is not where its b-tree should have it", row_id);
        return table.layout->read(StoredPayload(*table.trees, found->page.bytes, found->cell), row_id);
    }

    // Rows of which both sides have the key, under different rowids: changed, or only moved. What is left is gone, or new.
    Result<void> pair_by_key() {
        std::ranges::sort(unpaired_before_, {}, &Unpaired::key_hash);
        std::ranges::sort(unpaired_after_, {}, &Unpaired::key_hash);
        std::vector<bool> is_paired(unpaired_after_.size());
        std::vector<std::int64_t> gone, came;
        std::size_t at = 0;
        for (const auto& mine : unpaired_before_) {
            while (at < unpaired_after_.size() && unpaired_after_[at].key_hash < mine.key_hash) ++at;
            bool is_found = false;
            for (std::size_t i = at; i < unpaired_after_.size() && unpaired_after_[i].key_hash == mine.key_hash && !is_found; ++i) {
                if (is_paired[i]) continue;
                is_found = TRY(take_pair(mine, unpaired_after_[i]));
                if (is_found) is_paired[i] = true;
            }
            if (!is_found) gone.push_back(mine.row_id);
        }
        for (std::size_t i = 0; i < unpaired_after_.size(); ++i) {
            if (!is_paired[i]) came.push_back(unpaired_after_[i].row_id);
        }
        std::ranges::sort(gone);
        std::ranges::sort(came);
        return tell_unpaired(gone, came);
    }

    Result<bool> take_pair(const Unpaired& mine, const Unpaired& theirs) {
        TRY(go_on_());
        const Row before = TRY(fetch(versions_.before, mine.row_id)), after = TRY(fetch(versions_.after, theirs.row_id));
        if (!has_same_key(before, after, Nulls::differ)) return false;
        if (TRY(is_same_row(before, after))) TRY(tell({.change = Change::moved, .before = &before, .after = &after}));
        else TRY(tell({.change = Change::changed, .before = &before, .after = &after}));
        return true;
    }

    Result<void> tell_unpaired(const std::vector<std::int64_t>& gone, const std::vector<std::int64_t>& came) {
        for (const std::int64_t row_id : gone) {
            const auto row = sink_ ? std::optional(TRY(fetch(versions_.before, row_id))) : std::nullopt;
            TRY(tell({.change = Change::removed, .before = row ? &*row : nullptr}));
        }
        for (const std::int64_t row_id : came) {
            const auto row = sink_ ? std::optional(TRY(fetch(versions_.after, row_id))) : std::nullopt;
            TRY(tell({.change = Change::added, .before = nullptr, .after = row ? &*row : nullptr}));
        }
        return {};
    }

    // --- by content ---

    static Result<std::uint64_t> count_rows(const StoredTable& table, const std::vector<sqlite::TreeSpot>& spots) {
        std::uint64_t count = 0;
        for (const auto& spot : spots) count += spot.cell < 0 ? TRY(table.trees->tree_page(spot.page)).page.cell_count() : 1;
        return count;
    }

    // Equal for equal rows; with 128 bits also unequal for others.
    Result<Fingerprint> print_of(const Row& row, Which side) const {
        const auto encoding = side == Which::before ? versions_.table.encoding_before : versions_.table.encoding_after;
        ByteWriter bytes;
        for (const auto& [mine, theirs] : versions_.common) {
            const Field& field = row.fields[side == Which::before ? mine : theirs];
            bytes.u8(static_cast<std::uint8_t>(field.index()));
            if (const auto* integer = std::get_if<std::int64_t>(&field)) bytes.u64(static_cast<std::uint64_t>(*integer));
            if (const auto* real = std::get_if<double>(&field)) bytes.u64(std::bit_cast<std::uint64_t>(*real));
            if (const auto* text = std::get_if<StoredText>(&field)) bytes.counted_text(in_utf8(*text, encoding));
            if (const auto* blob = std::get_if<Bytes>(&field)) bytes.counted_text(text_of(*blob));
            if (const auto* large = std::get_if<LargeValue>(&field)) bytes.counted_text(text_of(TRY(hash_of_large(*large)).view()));
        }
        return fingerprint(bytes.view(), 0);
    }
    static Result<Hash> hash_of_large(const LargeValue& large) {
        Sha256 hash;
        Bytes piece;
        for (std::uint64_t at = 0; at < large.size; at += piece.size()) {
            piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(64 * 1024, large.size - at)));
            TRY(large.read(at, piece));
            hash.update(piece);
        }
        return hash.finish();
    }

    struct FingerprintOrder {
        bool operator()(const Fingerprint& one, const Fingerprint& other) const { return std::pair(one.high, one.low) < std::pair(other.high, other.low); }
    };
    using Counts = std::map<Fingerprint, std::int64_t, FingerprintOrder>;

    template <typename Visit>
    Result<void> for_each_row(Which side, Visit visit) const {
        RowCursor cursor(side == Which::before ? versions_.before : versions_.after, side == Which::before ? versions_.spots.before : versions_.spots.after);
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
            const auto print = TRY(print_of(row, side));
            if (print.low % passes == pass) surplus[print] += side == Which::before ? 1 : -1;
            return {};
        };
        TRY(for_each_row(Which::before, count));
        TRY(for_each_row(Which::after, count));
        std::erase_if(surplus, [](const auto& one) { return one.second == 0; });
        if (surplus.empty()) return {};
        const auto tell_surplus = [&](const Row& row, Which side) -> Result<void> {
            const std::int64_t sign = side == Which::before ? 1 : -1;
            const auto found = surplus.find(TRY(print_of(row, side)));
            if (found == surplus.end() || found->second * sign <= 0) return {};
            found->second -= sign;
            return side == Which::before ? tell({.change = Change::removed, .before = &row}) : tell({.change = Change::added, .before = nullptr, .after = &row});
        };
        TRY(for_each_row(Which::before, tell_surplus));
        return for_each_row(Which::after, tell_surplus);
    }

    RowVersions versions_;
    ChangeSink* sink_;
    const GoOn& go_on_;
    TableDifference& found_;
    std::vector<Unpaired> unpaired_before_, unpaired_after_;
};

}  // namespace

Result<void> compare_rows(RowVersions versions, ChangeSink* sink, const GoOn& go_on, TableDifference& found) {
    const bool is_by_content = versions.table.identity == Identity::content && versions.before.root.value != 0 && versions.after.root.value != 0;
    Comparing comparing(std::move(versions), sink, go_on, found);
    return is_by_content ? comparing.by_content() : comparing.by_order();
}

}  // namespace holdfast::rows
