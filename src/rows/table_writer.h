// TableWriter: rows of one table of a backup, written into the table of the same name: inserted, changed in place, never
// deleted or replaced.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/rows/large_columns.h"
#include "holdfast/rows/row_reader.h"

namespace holdfast::rows {

// What becomes of a row that is there and differs. by_key: replaced where a primary key says that it is the same row. It is
// doubtful, and refused, where only a rowid says so, which VACUUM gives anew; or a number, and the row there refers to
// others than the backup's: in a database that was begun anew, numbers are given again.
enum class OnConflict : std::uint8_t { by_key, replace, keep, fail };

struct WrittenCounts {
    std::uint64_t inserted = 0, updated = 0, unchanged = 0;
    std::uint64_t kept = 0;        // there and different, and left as they are
    std::uint64_t left_out = 0;    // their unique values belong to other rows
    std::uint64_t new_rowids = 0;  // of those inserted: their rowid is another row's now
    bool operator==(const WrittenCounts&) const = default;
};

struct TablePair {
    const Table& then;             // in the backup
    const Table& now;              // in the destination
    Origin& backup;
    LargeColumns large = {};
    TextForm form = TextForm::utf8;
    OnConflict on_conflict = OnConflict::by_key;
    bool is_empty = false;         // made just now: nothing need be looked for
};

// A row as it was handed over, and what stood there before.
struct WrittenRow {
    enum class What : std::uint8_t { inserted, updated, unchanged, kept, waits } what = What::unchanged;
    // Of `updated`: its key, what it refers to, and what must be unique; perhaps more. What was left in place there is no more.
    std::optional<RowValues> before;
};

// The row of this name that will be written, too, or was; nothing: there is none.
using RowOfName = std::function<Result<std::optional<RowValues>>(const RowValues& name)>;

class TableWriter {
public:
    // `invalid`: the two do not fit: their rows are named differently, or no column is common to both.
    static Result<TableWriter> open(Origin& destination, const TablePair& pair);

    // The rows in the backup, and those in the destination: the columns that are written, at the same places, behind the rowid
    // if there is one.
    const RowReader& then() const { return *then_; }
    const RowReader& now() const { return *now_; }
    std::size_t first_value() const { return has_own_rowid_ ? 1 : 0; }
    std::optional<std::size_t> place_of(const std::string& column) const;  // in a row
    std::string in_words(const RowValues& row) const;

    // Rows that are to be written, and hold a unique value that an earlier one comes back with, step aside: they have a
    // value that nobody needs, until it is their turn. So any order and any ring of such values comes back in one pass.
    void let_step_aside(RowOfName to_come) { to_come_ = std::move(to_come); }
    // `waits`: a unique value belongs to another row, which cannot step aside, but may yet be changed itself.
    Result<WrittenRow> write(const RowValues& row);
    // Insert: a parent that is needed, and must change nothing. `exists`: another row has its key, or a unique value of it.
    Result<WrittenRow> write_missing(const RowValues& row);
    // A row that waits, for the last time. Error: it names both rows.
    Result<WrittenRow> write_at_last(const RowValues& row);
    // What the destination's row of this name holds in these columns. Nothing: there is none.
    Result<std::optional<RowValues>> stored(const RowValues& row, const std::vector<std::string>& columns);
    // The rowid that it has in the backup, and here unless counts().new_rowids says that some have not. Nothing: it has none.
    std::optional<std::int64_t> rowid_in(const RowValues& row) const;
    // on_conflict says fail (or the rows have no key), and some differ.
    Result<void> expect_no_conflicts() const;
    // After the last row: `invalid`: one stepped aside and was not written.
    Result<void> expect_none_aside() const;

    const WrittenCounts& counts() const { return counts_; }
    const std::vector<std::string>& columns_left_out() const { return columns_left_out_; }
    const std::vector<std::string>& columns_kept() const { return columns_kept_; }
    const TablePair& pair() const { return pair_; }

private:
    TableWriter(Origin& destination, const TablePair& pair) : destination_(&destination), connection_(&destination.connection), pair_(pair) {}
    Result<void> match_columns();
    Result<void> match_names();
    Result<void> prepare();
    std::string target() const;
    RowValues name_in(const RowValues& row) const;
    Result<std::optional<RowValues>> present(const RowValues& row);
    Result<WrittenRow> try_to_write(const RowValues& row);
    Result<void> expect_own_place(const RowValues& row);
    Result<void> expect_written(const RowValues& row);
    Result<void> fill(const RowValues& row);
    Result<WrittenRow> insert(const RowValues& row);
    Result<WrittenRow> update(const RowValues& row, RowValues before);
    Result<WrittenRow> differs(const RowValues& row, RowValues before);
    Result<bool> refers_to_others(const RowValues& row, const RowValues& before) const;
    struct Holder {
        const UniqueKey* key = nullptr;
        RowValues name;
    };
    Result<std::optional<Holder>> holder_of(const RowValues& row);
    Result<bool> make_way(const RowValues& row);
    Result<bool> free_one_of(const UniqueKey& key, const RowValues& row);
    std::vector<std::string> columns_to_free(const UniqueKey& key) const;
    RowValues without_the_rest(RowValues row) const;
    Result<sqlite::Statement*> prepared(const std::string& sql);
    Result<WrittenRow> explained(Error error, const RowValues& row);
    Result<std::string> in_the_way(const RowValues& row);
    Result<bool> is_rowid_free(const RowValues& row);

    Origin* destination_;
    sqlite::Connection* connection_;
    TablePair pair_;
    std::vector<std::string> columns_;                      // quoted; names as they are now
    std::optional<RowReader> then_, now_;                   // with the same columns
    std::vector<std::string> columns_left_out_, columns_kept_;
    std::vector<std::string> name_;                         // what a row is found by, as SQL now
    std::vector<std::size_t> name_places_;                  // of these in a row
    bool has_own_rowid_ = false;                            // a row's first value is a rowid that no column shows
    bool is_by_rowid_ = false;                              // and it is all that a row can be found by
    bool is_stored_otherwise_ = false;                      // a column has another type than in the backup: rows are compared after they are written
    bool is_named_otherwise_ = false;                       // its key has another type or collation
    std::string policy_;                                    // of statements
    std::optional<sqlite::Statement> find_, insert_, insert_anew_, update_, occupied_;
    WrittenCounts counts_;
    RowOfName to_come_;
    std::map<std::uint64_t, RowValues> aside_;              // by their names: what they were
    std::int64_t stepped_aside_ = 0;
    std::map<std::uint64_t, RowValues> places_;             // where the key is read otherwise: names then, by those now
    std::map<std::string, sqlite::Statement> statements_;
    std::vector<std::string> conflicts_;                    // at most 20 are told
    std::uint64_t conflict_count_ = 0;
    bool has_number_conflict_ = false;                      // one of them is a number that was given again
};

}  // namespace holdfast::rows
