// CountByPage: how many rows of tables differ, found while the pages that differ are looked for: each page is read once, in
// the order of the file, in several threads. For counting alone: compare_rows() gives rows in their order. For this room only.
#pragma once

#include <deque>

#include "holdfast/rows/counted_table.h"
#include "holdfast/sqlite/differing_pages.h"

namespace holdfast::rows {

// Rows that both versions have on the leaf of one page number are compared there. What only one of both leaves has waits, as
// rowid and fingerprint, for its like on another leaf. A table that cannot be counted so (it is damaged, too much waits) is
// left, for whoever compares it row by row to say what is wrong.
class CountByPage final : public sqlite::PagesVisitor {
public:
    CountByPage(const sqlite::TreeReader& before, const sqlite::TreeReader& after);
    // The versions must outlive this. Tables WITHOUT ROWID, and those whose rows only their content tells apart, are left.
    void add(const RowVersions& versions);
    // When all are added: walks the inner pages of their trees.
    void begin();

    const sqlite::PageSet& wanted() const override { return wanted_; }
    std::unique_ptr<Seen> look(const sqlite::PagesOfBoth& pages) const override;
    void take(Seen& seen) override;

    // When all pages are read. Whoever looks for pages that nobody explains needs not look at the changed rows of this table.
    bool is_counted(sqlite::TreeRoots roots) const;
    // What changed rows own goes out of differing.maybe_overflow.
    void explain(sqlite::DifferingPages& differing) const;
    // `leaves`: of rows that changed in their overflow pages alone; in `differing` too.
    // Where `go_on` says no, tables are left.
    void finish(const sqlite::DifferingPages& differing, const std::vector<sqlite::PageNumber>& leaves, const GoOn& go_on);
    // Null: the table was left.
    const TableDifference* counts_of(const RowVersions& versions) const;

private:
    using Place = std::uint32_t;  // of a table, from 1; 0: none
    struct Counted {
        CountedTable table;
        bool is_left = false;     // the caller's thread alone asks
    };
    // Whose leaf a page is, in both versions.
    struct Owners {
        Place before = 0, after = 0;
        bool are_same() const { return before == after; }
    };
    struct FoundOnPages;

    Result<void> own(Place Owners::* version, const StoredTable& table, Place place);
    void look_at(const Owners& owners, const LeafOfBoth& leaf, FoundOnPages& found) const;
    const Counted& at(Place place) const { return tables_[place - 1]; }
    Counted& at(Place place) { return tables_[place - 1]; }
    bool has_same_records(Place place) const { return at(place).table.match().versions().is_same_record; }

    const sqlite::TreeReader &before_, &after_;
    std::deque<Counted> tables_;
    std::vector<Owners> owners_;  // by page number
    sqlite::PageSet wanted_;
    sqlite::OverflowLinks links_;
};

}  // namespace holdfast::rows
