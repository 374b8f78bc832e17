// OpenValue: the bytes of one stored text or blob, read and written in pieces, of which SQLite never holds the whole.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// In main, of a table that has rowids and no generated columns: beside one that is not stored SQLite finds other columns.
struct ValuePlace {
    std::string table, column;  // their names
    std::int64_t rowid = 0;
};

// The connection must outlive it. Bytes are as the database stores them, text in its encoding. After the row is written
// by a statement every call fails.
class OpenValue {
public:
    enum class To : std::uint8_t { read, write };
    // `not_found`: no such row. `invalid`: the value is neither text nor blob; to write: or an index has the column.
    static Result<OpenValue> open(Connection& connection, const ValuePlace& place, To what);

    OpenValue(OpenValue&&) noexcept;
    ~OpenValue();

    std::uint64_t size() const;
    // `invalid`: past its end.
    Result<void> read(std::uint64_t from, MutableByteView into) const;
    // In place: the size stays. Indexes, triggers, constraints and generated columns know nothing of it.
    Result<void> write(std::uint64_t from, ByteView bytes);

private:
    struct Open;
    explicit OpenValue(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite
