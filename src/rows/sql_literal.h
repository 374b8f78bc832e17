// Values as SQL text that SQLite reads back as exactly the same value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "holdfast/rows/row.h"
#include "holdfast/rows/text_writer.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::rows {

enum class LineBreaks : std::uint8_t {
    as_they_are,
    as_characters,  // replace('one\ntwo','\n',char(10)): no line break in the literal, so that a row is a line
};

// Writes NULL, a number, a text in quotes or a blob in hexadecimal. A text that quotes cannot hold (with NUL in it, or not
// valid in its encoding) is a cast of its bytes, which needs a database of the same encoding. A large value is written piece
// by piece. Between two values the TextWriter wants to pass on. One thread at a time.
class LiteralWriter {
public:
    explicit LiteralWriter(TextWriter& out, LineBreaks line_breaks = LineBreaks::as_they_are) : out_(out), line_breaks_(line_breaks) {}
    // `invalid`: more than SQLite takes as a literal (it allows 1,000,000,000 bytes of SQL); errors of the sink, and of
    // reading a large one.
    Result<void> write(const EncodedField& field);

private:
    void write_encoded(const StoredText& text, sqlite::TextEncoding encoding);
    Result<void> write_large(const LargeValue& value);
    Result<std::string> real(double value);

    TextWriter& out_;
    LineBreaks line_breaks_;
    std::optional<sqlite::Connection> judge_;   // SQLite's own parser, for reals
    std::optional<sqlite::Statement> read_;     // of that
};

}  // namespace holdfast::rows
