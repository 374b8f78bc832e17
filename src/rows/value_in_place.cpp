#include "holdfast/rows/value_in_place.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

constexpr std::uint64_t piece_max = 1024 * 1024;

template <typename T>
Result<T> noted(Origin& origin, Result<T> done) {
    if (!done && done.error().code() == ErrorCode::corrupt) origin.is_damaged = true;
    return done;
}

Result<sqlite::OpenValue> open(const ValueInPlace& value, sqlite::OpenValue::To what) {
    auto open = TRY(noted(*value.origin, sqlite::OpenValue::open(value.origin->connection, value.place, what)));
    if (open.size() == value.size) return open;
    return fail(ErrorCode::bug, "read {}.{}: it has {} bytes, and had {}", printable(value.place.table), printable(value.place.column), open.size(), value.size);
}

Result<void> read(const ValueInPlace& value, const sqlite::OpenValue& open, std::uint64_t from, MutableByteView into) {
    return noted(*value.origin, open.read(from, into));
}

}  // namespace

Result<bool> is_same_bytes(const ValueInPlace& one, const ValueInPlace& other) {
    if (one.size != other.size) return false;
    const auto mine = TRY(open(one, sqlite::OpenValue::To::read));
    const auto theirs = TRY(open(other, sqlite::OpenValue::To::read));
    Buffer my_piece(std::min(one.size, piece_max)), their_piece(my_piece.size());
    for (std::uint64_t at = 0; at < one.size; at += my_piece.size()) {
        const auto size = std::min<std::uint64_t>(my_piece.size(), one.size - at);
        TRY(read(one, mine, at, my_piece.span().first(size)));
        TRY(read(other, theirs, at, their_piece.span().first(size)));
        if (!std::ranges::equal(my_piece.view().first(size), their_piece.view().first(size))) return false;
    }
    return true;
}

Result<Buffer> whole_of(const ValueInPlace& value) {
    const auto mine = TRY(open(value, sqlite::OpenValue::To::read));
    Buffer whole(value.size);
    TRY(read(value, mine, 0, whole.span()));
    return whole;
}

Result<void> copy_bytes(const ValueInPlace& from, const ValueInPlace& to) {
    const auto mine = TRY(open(from, sqlite::OpenValue::To::read));
    auto theirs = TRY(open(to, sqlite::OpenValue::To::write));
    if (from.size != to.size) return fail(ErrorCode::bug, "copy a value of {} bytes into one of {}", from.size, to.size);
    Buffer piece(std::min(from.size, piece_max));
    for (std::uint64_t at = 0; at < from.size; at += piece.size()) {
        const auto size = std::min<std::uint64_t>(piece.size(), from.size - at);
        TRY(read(from, mine, at, piece.span().first(size)));
        TRY(noted(*to.origin, theirs.write(at, piece.view().first(size))));
    }
    return {};
}

}  // namespace holdfast::rows
