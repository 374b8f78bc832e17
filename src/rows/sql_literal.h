// Values as SQL text that SQLite reads back as exactly the same value.
#pragma once

#include <functional>
#include <string>

#include "holdfast/rows/row.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::rows {

using TextSink = std::function<Result<void>(std::string_view)>;

// Writes NULL, a number, a text in quotes or a blob in hexadecimal. A text that quotes cannot hold (with NUL in it, or not
// valid in its encoding) is a cast of its bytes, which needs a database of the same encoding. A large value is written piece
// by piece. One thread at a time.
class LiteralWriter {
public:
    explicit LiteralWriter(TextSink sink) : sink_(std::move(sink)) {}
    // `invalid`: more than SQLite takes as a literal (it allows 1,000,000,000 bytes of SQL); errors of the sink, and of
    // reading a large one.
    Result<void> write(const EncodedField& field);

private:
    Result<void> write_text(const StoredText& text, sqlite::TextEncoding encoding);
    Result<void> write_large(const LargeValue& value);
    Result<std::string> real(double value);

    TextSink sink_;
    std::optional<sqlite::Connection> judge_;  // SQLite's own parser, for reals
};

}  // namespace holdfast::rows
