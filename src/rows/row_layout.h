// RowLayout: where the columns of a table stand in its stored records, and what a record leaves out.
#pragma once

#include <string>
#include <vector>

#include "holdfast/rows/row.h"
#include "holdfast/rows/schema.h"

namespace holdfast::rows {

// Of an ordinary table, or of one of a virtual table's own. One thread at a time, but for what know_defaults() says.
class RowLayout {
public:
    // `database` as in read_schema(). `invalid`: the table is virtual.
    static Result<RowLayout> of(sqlite::Connection& connection, const std::string& database, const Table& table);

    // The values of the columns that are written, in their order. `corrupt`: the record is none.
    Result<Row> read(const sqlite::StoredPayload& payload, std::optional<std::int64_t> row_id) const;
    // The same, in the room of a row that was read before.
    Result<void> read_into(Row& row, const sqlite::StoredPayload& payload, std::optional<std::int64_t> row_id) const;
    // Where a field stands in the record; none: it is the rowid.
    std::optional<std::size_t> place_of(std::size_t field) const { return place_[field]; }
    // From then on several threads may read rows that have no overflow pages.
    Result<void> know_defaults() const {
        static_cast<void>(TRY(defaults()));
        return {};
    }
    // The fields of the primary key of a table without rowid, as its b-tree orders them.
    struct KeyPart {
        std::size_t field = 0;  // of the row
        FieldOrder order;
    };
    const std::vector<KeyPart>& stored_key() const { return stored_key_; }
    // The declared primary key, in its order; empty: there is none.
    const std::vector<KeyPart>& declared_key() const { return declared_key_; }
    sqlite::TextEncoding encoding() const { return encoding_; }
    // Equal records have equal values in this field and in that one of another layout of the same encoding.
    bool is_read_like(std::size_t field, const RowLayout& other, std::size_t other_field) const;
    // The order of the stored key is one that this program knows: no collation of the application's own.
    bool has_known_order() const;

private:
    RowLayout() = default;
    Result<void> place_columns(sqlite::Connection& connection, const std::string& database);
    Result<void> place_without_rowid(sqlite::Connection& connection, const std::string& database);
    Result<const std::vector<Field>*> defaults() const;
    static Result<void> read_field(Field& field, const sqlite::StoredPayload& payload, const sqlite::StoredColumn& column);

    Table table_;
    std::vector<std::size_t> written_;                // columns of the table
    std::vector<std::optional<std::size_t>> place_;   // of each of those in the record; none: it is the rowid
    std::vector<bool> is_real_;                       // of each of those: integers may be stored for reals
    std::vector<KeyPart> stored_key_, declared_key_;
    sqlite::TextEncoding encoding_ = sqlite::TextEncoding::utf8;
    mutable std::optional<std::vector<Field>> defaults_;  // of records that were stored before a column was added
};

}  // namespace holdfast::rows
