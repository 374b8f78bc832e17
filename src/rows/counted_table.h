// CountedTable: how many rows of one table differ, out of what its leaves told one by one. For this room only.
#pragma once

#include "holdfast/rows/leaf_rows.h"
#include "holdfast/rows/pair_by_key.h"

namespace holdfast::rows {

// What is known of pages when all were read.
struct PagesRead {
    const sqlite::PageSet& differing;
    const sqlite::OverflowLinks& links;
};

class CountedTable {
public:
    explicit CountedTable(const RowVersions& versions) : match_(versions) {}
    const RowMatch& match() const { return match_; }
    // False: more rows wait for their like than are kept in memory.
    bool add(LeafRows& rows);
    // Rows of this leaf changed in their overflow pages alone, if they did.
    Result<void> add_long_rows_of(sqlite::PageNumber leaf);
    // Once, when all leaves were added. One thread at a time.
    Result<void> finish(const PagesRead& pages, const GoOn& go_on);
    // Gives its memory back.
    void forget() { rows_ = {}; }
    const TableDifference& counts() const { return counts_; }
    // Of rows on leaves that changed; until finish().
    const std::vector<sqlite::OverflowChain>& chains(Which which) const { return which == Which::before ? rows_.chains_before : rows_.chains_after; }

private:
    void take_other_key(const LeafRows::OtherKey& row);
    Result<void> compare_long(const LongRow& row, const PagesRead& pages);
    Result<void> pair_lone(const GoOn& go_on);
    void take_pair(const LoneRow& before, const LoneRow& after);
    Result<void> take_alone(Which which, const LoneRow& row);

    RowMatch match_;
    LeafRows rows_;
    PairByKey unpaired_;
    TableDifference counts_;
};

}  // namespace holdfast::rows
