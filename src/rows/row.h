// Row: the values of one row as they are stored, read without SQLite, so that types and bytes are exact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "holdfast/base/sql_value.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/tree_reader.h"

namespace holdfast::rows {

// Text in the database's encoding, byte for byte: it need not be valid.
struct StoredText {
    std::string bytes;
    bool operator==(const StoredText&) const = default;
};
// A text or blob that is too large to be held. Its bytes are read when they are asked for, while the image is there.
struct LargeValue {
    std::uint64_t size = 0, offset = 0;  // in the payload
    bool is_text = false;
    std::shared_ptr<const sqlite::StoredPayload> payload;
    Result<void> read(std::uint64_t from, MutableByteView into) const { return payload->read(offset + from, into); }
};
constexpr std::uint64_t held_bytes_max = 256 * 1024;  // of one value

using Field = std::variant<std::monostate, std::int64_t, double, StoredText, Bytes, LargeValue>;

struct Row {
    std::optional<std::int64_t> row_id;
    std::vector<Field> fields;  // as Table::written_columns()
};

struct EncodedField {
    const Field& field;
    sqlite::TextEncoding encoding;
};
// A column of the row that a statement is at, of a database of this encoding.
Field field_of(const sqlite::Statement& statement, int column, sqlite::TextEncoding encoding);
// The same type and the same value, to the byte (texts of two encodings: the same characters). Errors: reading a large one.
Result<bool> is_same(const EncodedField& one, const EncodedField& other);

// SQLite's own order of values, as its indexes have it. Large ones count by their first bytes.
struct FieldOrder {
    std::string collation = "BINARY";  // or NOCASE, RTRIM; others are taken as BINARY
    bool is_descending = false;
};
int compare_fields(const EncodedField& one, const EncodedField& other, const FieldOrder& order);
// Equal for fields that compare equal.
std::uint64_t hash_of(const EncodedField& field, const FieldOrder& order);

// As SQLite would give it. A large one is cut off, and comes out as text or blob of its first bytes.
SqlValue to_sql_value(const EncodedField& field);
std::string in_utf8(const StoredText& text, sqlite::TextEncoding encoding);

}  // namespace holdfast::rows
