// DumpReader: the rows of a dump, whoever wrote it: holdfast, SQLite's shell, or OAK; and what shows that it is whole.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/dump/dump.h"
#include "holdfast/dump/sql_reader.h"
#include "holdfast/rows/names.h"
#include "holdfast/sqlite/stored_record.h"

namespace holdfast::dump {

enum class Dialect : std::uint8_t {
    holdfast,  // docs/formats/dump.md
    oak,       // a history of OAK: INSERT statements with their columns, and comments with counts
    sql,       // any other, as sqlite3's .dump
};

// What stands before the first row; of a dump of holdfast all of it, of others what they have.
struct DumpHead {
    Dialect dialect = Dialect::sql;
    Origin origin;
    std::optional<std::int64_t> schema_version;  // of OAK: never to be compared, it is not monotonic
    std::string schema_hash;
    bool is_part = false;                        // not all tables
};

struct DumpItem {
    enum class Kind {
        row,      // of `table`
        make,     // CREATE TABLE, INDEX, VIEW, TRIGGER or VIRTUAL TABLE: `sql`, to be run by nobody who has not looked
        number,   // PRAGMA user_version or application_id: `sql` is the name
        rebuild,  // of the full-text table `table->table`
        end,
    } kind = Kind::end;
    // The columns are known, if at all, also where the INSERT names none: from the CREATE TABLE before it.
    const InsertHead* table = nullptr;
    std::vector<Value>* values = nullptr;  // may be taken away
    std::string_view sql;
    std::int64_t value = 0;
};

enum class Proof : std::uint8_t {
    needed,
    waived,  // the user's word that a file which was cut or edited is meant as it is
};

class DumpReader {
public:
    // Reads the header. `invalid`: no SQL; `too_new`: a later format of holdfast.
    static Result<DumpReader> open(TextSource source, Proof proof = Proof::needed);
    const DumpHead& head() const { return head_; }
    sqlite::TextEncoding encoding() const { return encoding_; }
    // The end comes once, when all is proven: `corrupt`: the file was cut, or edited: its hash, or numbers in it, do not agree.
    // What was given before is void then. `invalid`, with line and byte: a statement that no dump has. None is ever run.
    Result<void> next(DumpItem& item);
    TextPlace place() const { return sql_->place(); }

private:
    DumpReader(TextSource source, Proof proof) : sql_(std::make_unique<SqlReader>(std::move(source))), proof_(proof) {}
    Result<void> read_header();
    void read_header_line(std::string_view line);
    Result<bool> take(DumpItem& item);
    Result<bool> take_comment(std::string_view line);
    Result<bool> take_row(DumpItem& item);
    Result<bool> take_statement(DumpItem& item);
    Result<void> take_end(std::string_view line);
    Result<void> expect_whole();
    Result<void> expect_counted();
    Error unproven(std::string what) const;
    Error refused(std::string what) const;

    std::unique_ptr<SqlReader> sql_;              // where it is, as pieces view it
    Proof proof_;
    DumpHead head_;
    sqlite::TextEncoding encoding_ = sqlite::TextEncoding::utf8;
    SqlPiece piece_;
    bool has_piece_ = false;                       // it was read with the header
    std::map<std::string, std::vector<std::string>, rows::NameOrder> columns_;  // by table, of CREATE TABLE
    bool has_table_ = false;
    InsertHead table_;
    std::string counted_;                          // the table whose rows were counted last
    std::uint64_t counted_rows_ = 0, rows_ = 0, tables_ = 0;
    std::optional<std::uint64_t> expected_;        // OAK says it before the rows
    bool has_any_ = false, has_begun_ = false, has_committed_ = false, has_end_ = false;
};

}  // namespace holdfast::dump
