// ValueInPlace: a text or blob of a row that is too large to be held: it stays where it is stored, and is read in pieces.
#pragma once

#include <cstdint>

#include "holdfast/rows/row.h"
#include "holdfast/sqlite/open_value.h"

namespace holdfast::rows {

// A database that values are left in. It, and the connection, must outlive them.
struct Origin {
    sqlite::Connection& connection;
    bool is_damaged = false;  // a value of it could not be read
};

struct ValueInPlace {
    Origin* origin = nullptr;
    sqlite::ValuePlace place;
    std::uint64_t size = 0;  // of the bytes as they are stored, text in the database's encoding
    bool is_text = false;
};
constexpr std::uint64_t held_in_row_max = held_bytes_max;  // larger ones stay in their place, where a table lets them

// After the row has changed it is the new value that is read, or an error if it has another size.
Result<bool> is_same_bytes(const ValueInPlace& one, const ValueInPlace& other);
Result<Buffer> whole_of(const ValueInPlace& value);
// Into a blob of the same size.
Result<void> copy_bytes(const ValueInPlace& from, const ValueInPlace& to);

}  // namespace holdfast::rows
