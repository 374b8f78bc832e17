// RowMatch: whether two rows of a table's versions are the same row, and whether they say the same. For this room only.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/rows/compare_rows.h"
#include "holdfast/rows/record_glance.h"
#include "holdfast/sqlite/overflow_links.h"

namespace holdfast::rows {

using Which = sqlite::Version;

// NULLs in a key: of one row under one rowid they are the same, of two rows they are not.
enum class Nulls : std::uint8_t { are_equal, differ };

// Views the versions, which must outlive it. Rows of overflow pages are read by the versions' trees: one thread at a time;
// others may be looked at in several.
class RowMatch {
public:
    explicit RowMatch(const RowVersions& versions) : versions_(&versions), glance_(versions.before.layout, versions.after.layout, versions.common) {}
    const RowVersions& versions() const { return *versions_; }
    const StoredTable& side(Which which) const { return which == Which::before ? versions_->before : versions_->after; }
    // Rows have rowids, and a declared key that tells more than those.
    bool is_by_key() const;
    EncodedField before_field(const Row& row, std::size_t field) const { return {row.fields[field], versions_->table.encoding_before}; }
    EncodedField after_field(const Row& row, std::size_t field) const { return {row.fields[field], versions_->table.encoding_after}; }
    // In the columns that both have.
    Result<bool> is_same_row(const Row& before, const Row& after) const;
    // By the bytes on their own pages: the same row, and it changed. False: it takes more to know.
    bool is_surely_changed(const sqlite::BtreeCell& before, const sqlite::BtreeCell& after) const { return versions_->is_same_record && glance_.is_surely_changed(before.local, after.local); }
    bool has_same_key(const Row& before, const Row& after, Nulls nulls) const;
    // Equal for equal keys.
    std::uint64_t key_hash(const Row& row, Which which) const;
    // Equal for equal rows; with 128 bits also unequal for others.
    Result<Fingerprint> print_of(const Row& row, Which which) const;
    // `corrupt`: it is not where its b-tree should have it.
    Result<Row> fetch(Which which, std::int64_t row_id) const;

private:
    const RowVersions* versions_;
    RecordGlance glance_;
};

// The same bytes, to the end.
Result<bool> is_same_payload(const sqlite::StoredPayload& one, const sqlite::StoredPayload& other);

}  // namespace holdfast::rows
