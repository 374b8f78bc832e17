// StoredRecord: the record format of rows and index entries (https://sqlite.org/fileformat2.html, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::sqlite {

enum class TextEncoding { utf8 = 1, utf16le = 2, utf16be = 3 };

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
