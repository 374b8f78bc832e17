// StoredRecord: the record format of rows and index entries (https://sqlite.org/fileformat2.html, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::sqlite {

enum class TextEncoding { utf8 = 1, utf16le = 2, utf16be = 3 };

// Text as people read it: what is no valid UTF-16 becomes U+FFFD; UTF-8 is taken as it is.
std::string utf8_of(ByteView text, TextEncoding encoding);

// Where a column's value lies in a payload; `type` is the format's serial type.
struct StoredColumn {
    std::uint64_t type = 0, offset = 0, size = 0;
    bool is_integer() const { return (type >= 1 && type <= 6) || type == 8 || type == 9; }
    bool is_real() const { return type == 7; }
    bool is_text() const { return type >= 13 && type % 2 == 1; }
    bool is_blob() const { return type >= 12 && type % 2 == 0; }
};
// Bytes of a value of that serial type.
std::uint64_t stored_size(std::uint64_t type);
// Of the whole header of a record; nullopt: it is none, or says more than `payload_size` has.
std::optional<std::vector<StoredColumn>> stored_columns(ByteView header, std::uint64_t payload_size);
// A value of an integer type; `bytes` is as long as the column says.
std::int64_t stored_integer(const StoredColumn& column, ByteView bytes);

// The first columns of a record. Views the payload's bytes.
class StoredRecord {
public:
    // As many of the first `columns` as lie whole in the payload, which may be cut off anywhere.
    static StoredRecord parse(ByteView payload, std::size_t columns);

    std::size_t column_count() const { return columns_.size(); }
    std::optional<std::int64_t> integer(std::size_t column) const;  // nullopt: no such column, or no integer
    // In UTF-8; what is no valid UTF-16 becomes U+FFFD.
    std::optional<std::string> text(std::size_t column, TextEncoding encoding) const;

private:
    struct Column {
        std::uint64_t type = 0;
        ByteView bytes;
    };
    std::vector<Column> columns_;
};

}  // namespace holdfast::sqlite
