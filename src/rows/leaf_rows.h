// LeafRows: what the rows of one leaf tell, in both versions of a table, without any other page. For this room only.
#pragma once

#include <optional>

#include "holdfast/rows/row_match.h"
#include "holdfast/sqlite/overflow_links.h"

namespace holdfast::rows {

struct RowPlace {
    sqlite::PageNumber page;
    std::uint16_t cell = 0;
};
// A row whose rowid the leaf has in one version alone.
struct LoneRow {
    std::int64_t row_id = 0;
    Fingerprint print;               // of all of it; of one with overflow pages: of its cell's bytes
    std::uint64_t key_hash = 0;      // where rows are told apart by key, and it has no overflow pages
    RowPlace place;
    sqlite::OverflowChain overflow;
};
// A row of both versions that cannot be compared without its overflow pages.
struct LongRow {
    std::int64_t row_id = 0;
    RowPlace before, after;
    sqlite::OverflowChain overflow;  // where both cells are the same: nothing but these pages can differ
    bool is_same_cell = false;
};
struct LeafRows {
    std::uint64_t added = 0, removed = 0, changed = 0;
    std::vector<LoneRow> only_before, only_after;
    std::vector<LongRow> long_rows;
    struct OtherKey {
        std::int64_t row_id = 0;
        std::uint64_t key_hash_before = 0, key_hash_after = 0;
    };
    std::vector<OtherKey> other_keys;  // the same rowid, and another key: another row
    std::vector<sqlite::OverflowChain> chains_before, chains_after;
};
// The leaf, or what stands under its number; empty: not of the table in that version.
struct LeafOfBoth {
    sqlite::PageNumber page;
    ByteView before, after;
};
// Adds what is found. `corrupt`: a page is no leaf of a table with rowids, or damaged. Several threads may look at several leaves of a
// table, once its layouts know their defaults.
Result<void> look_at_leaf(const RowMatch& match, const LeafOfBoth& leaf, LeafRows& into);

}  // namespace holdfast::rows
