// SqlReader: a file of SQL as what a dump is made of: rows of INSERT statements, comments between statements, and all other
// statements as text. It is read, never run. Memory is that of the largest row.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/dump/value.h"

namespace holdfast::dump {

class SqlCursor;

// At least one byte; 0: the end.
using TextSource = std::function<Result<std::size_t>(MutableByteView)>;

// Where something stands in a file, both counted from 1.
struct TextPlace {
    std::uint64_t line = 1, byte = 1;
    std::string in_words() const;  // "line 12 (byte 3456)"
};

// A table as INSERT names it.
struct InsertHead {
    std::string table;
    std::vector<std::string> columns;  // empty: it names none
    std::uint64_t number = 0;          // another one for each that differs from the one before
};

struct SqlPiece {
    enum class Kind { row, comment, statement, end } kind = Kind::end;
    const InsertHead* head = nullptr;   // of a row
    std::vector<Value> values;          // of a row
    std::string_view text;              // of a comment the line without its end, of a statement all with its semicolon: until next()
};

class SqlReader {
public:
    explicit SqlReader(TextSource source) : source_(std::move(source)) {}
    // `invalid`: what stands there is no SQL as dumps have it, told with its place; errors of the source.
    Result<void> next(SqlPiece& piece);
    // Of what next() gave last.
    TextPlace place() const;
    // The first line ends in a carriage return and a line feed: every such pair was read as a line feed alone.
    bool has_returns() const { return has_returns_.value_or(false); }
    // From here on what is read is hashed (SHA-256, with every such pair as a line feed); hash_before(), once: of all that
    // stands before the piece that next() gave last.
    void begin_hash() { is_hashed_ = true; }
    Hash hash_before();

private:
    Result<void> fill();
    void take_in(std::size_t old_size);
    void forget_done();
    Result<bool> try_next(SqlPiece& piece);
    bool take_statement(SqlCursor& cursor, SqlPiece& piece);
    bool take_values(SqlCursor& cursor, SqlPiece& piece);
    TextPlace place_of(std::size_t at) const;
    Error wrong(std::string_view what, std::size_t at) const;

    TextSource source_;
    std::string buffer_;                // of it at_ bytes are done with
    std::size_t at_ = 0, begin_ = 0;    // begin_: of the piece that was given last
    TextPlace buffer_place_;            // of the buffer's first byte
    bool is_at_end_ = false, is_in_values_ = false, is_hashed_ = false;
    Sha256 hash_;
    std::optional<bool> has_returns_;
    std::string head_text_;             // as the head was written: it need not be read again
    InsertHead head_;
};

}  // namespace holdfast::dump
