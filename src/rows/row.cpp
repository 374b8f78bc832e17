#include "holdfast/rows/row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/rows/names.h"

namespace holdfast::rows {
namespace {

using sqlite::TextEncoding;

constexpr std::size_t piece_bytes = 64 * 1024;

// NULL, numbers, texts, blobs: as SQLite sorts them.
enum class Rank : std::uint8_t { null, number, text, blob };
Rank rank_of(const Field& field) {
    if (const auto* large = std::get_if<LargeValue>(&field)) return large->is_text ? Rank::text : Rank::blob;
    switch (field.index()) {
        case 0: return Rank::null;
        case 1:
        case 2: return Rank::number;
        case 3: return Rank::text;
        default: return Rank::blob;
    }
}

// What is held of it: of a large one the beginning, as far as it can be read, in `room`.
std::string_view bytes_held(const Field& field, std::string& room) {
    if (const auto* text = std::get_if<StoredText>(&field)) return text->bytes;
    if (const auto* blob = std::get_if<Bytes>(&field)) return text_of(*blob);
    const auto* large = std::get_if<LargeValue>(&field);
    if (large == nullptr) return "";
    Bytes beginning(static_cast<std::size_t>(std::min<std::uint64_t>(large->size, piece_bytes)));
    if (!large->read(0, beginning)) return "";
    room = text_of(beginning);
    return room;
}

Result<bool> is_same_large(const LargeValue& one, const LargeValue& other) {
    if (one.size != other.size || one.is_text != other.is_text) return false;
    Bytes mine(piece_bytes), theirs(piece_bytes);
    for (std::uint64_t at = 0; at < one.size; at += piece_bytes) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, one.size - at));
        TRY(one.read(at, MutableByteView(mine).first(size)));
        TRY(other.read(at, MutableByteView(theirs).first(size)));
        if (std::memcmp(mine.data(), theirs.data(), size) != 0) return false;
    }
    return true;
}

template <typename Number>
int order_of(Number one, Number other) { return one < other ? -1 : (other < one ? 1 : 0); }

// Without losing a bit of the integer (SQLite's sqlite3IntFloatCompare).
int compare_integer_and_real(std::int64_t integer, double real) {
    if (std::isnan(real)) return 1;
    if (real < -9223372036854775808.0) return 1;
    if (real >= 9223372036854775808.0) return -1;
    const auto whole = static_cast<std::int64_t>(real);
    if (integer != whole) return order_of(integer, whole);
    return order_of(static_cast<double>(integer), real);
}

int compare_numbers(const Field& one, const Field& other) {
    const auto* integer = std::get_if<std::int64_t>(&one);
    const auto* other_integer = std::get_if<std::int64_t>(&other);
    if (integer && other_integer) return order_of(*integer, *other_integer);
    if (integer) return compare_integer_and_real(*integer, std::get<double>(other));
    if (other_integer) return -compare_integer_and_real(*other_integer, std::get<double>(one));
    return order_of(std::get<double>(one), std::get<double>(other));
}

int compare_bytes(std::string_view one, std::string_view other) {
    const std::size_t common = std::min(one.size(), other.size());
    const int first = common == 0 ? 0 : std::memcmp(one.data(), other.data(), common);
    return first != 0 ? first : order_of(one.size(), other.size());
}

// SQLite's NOCASE looks no further than a NUL that both have, but for the lengths.
int compare_without_case(std::string_view one, std::string_view other) {
    const std::size_t common = std::min(one.size(), other.size());
    for (std::size_t i = 0; i < common; ++i) {
        const auto mine = static_cast<unsigned char>(in_small(one[i])), theirs = static_cast<unsigned char>(in_small(other[i]));
        if (mine != theirs) return mine - theirs;
        if (mine == 0) break;
    }
    return order_of(one.size(), other.size());
}

std::string_view without_spaces_behind(std::string_view text) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool is_binary(const FieldOrder& order) { return order.collation != "NOCASE" && order.collation != "RTRIM"; }

int compare_texts(const EncodedField& one, const EncodedField& other, const FieldOrder& order) {
    std::string room, other_room;
    std::string_view mine = bytes_held(one.field, room), theirs = bytes_held(other.field, other_room);
    if (is_binary(order) && one.encoding == other.encoding) return compare_bytes(mine, theirs);
    if (one.encoding != TextEncoding::utf8) mine = room = sqlite::utf8_of(bytes_of(mine), one.encoding);
    if (other.encoding != TextEncoding::utf8) theirs = other_room = sqlite::utf8_of(bytes_of(theirs), other.encoding);
    if (is_binary(order)) return compare_bytes(mine, theirs);
    if (order.collation == "NOCASE") return compare_without_case(mine, theirs);
    return compare_bytes(without_spaces_behind(mine), without_spaces_behind(theirs));
}

int compare_blobs(const Field& one, const Field& other) {
    std::string room, other_room;
    return compare_bytes(bytes_held(one, room), bytes_held(other, other_room));
}

}  // namespace

Field field_of(const sqlite::Statement& statement, int column, TextEncoding encoding) {
    SqlValue value = statement.column_value(column);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (std::holds_alternative<std::string>(value)) return StoredText{statement.column_text_as_stored(column, encoding)};
    if (auto* blob = std::get_if<Bytes>(&value)) return std::move(*blob);
    return {};
}

std::string in_utf8(const StoredText& text, TextEncoding encoding) { return sqlite::utf8_of(bytes_of(text.bytes), encoding); }

Result<bool> is_same(const EncodedField& one, const EncodedField& other) {
    const auto *large = std::get_if<LargeValue>(&one.field), *other_large = std::get_if<LargeValue>(&other.field);
    const bool is_text = rank_of(one.field) == Rank::text && rank_of(other.field) == Rank::text;
    if (is_text && one.encoding != other.encoding) {
        if (large || other_large) return fail(ErrorCode::invalid, "texts of more than {} in two encodings cannot be compared", human_bytes(held_bytes_max));
        return in_utf8(std::get<StoredText>(one.field), one.encoding) == in_utf8(std::get<StoredText>(other.field), other.encoding);
    }
    if (large && other_large) return is_same_large(*large, *other_large);
    if (large || other_large || one.field.index() != other.field.index()) return false;
    if (const auto* real = std::get_if<double>(&one.field)) return std::bit_cast<std::uint64_t>(*real) == std::bit_cast<std::uint64_t>(std::get<double>(other.field));
    if (const auto* integer = std::get_if<std::int64_t>(&one.field)) return *integer == std::get<std::int64_t>(other.field);
    if (const auto* text = std::get_if<StoredText>(&one.field)) return *text == std::get<StoredText>(other.field);
    if (const auto* blob = std::get_if<Bytes>(&one.field)) return *blob == std::get<Bytes>(other.field);
    return true;
}

int compare_fields(const EncodedField& one, const EncodedField& other, const FieldOrder& order) {
    const Rank rank = rank_of(one.field), other_rank = rank_of(other.field);
    int way = order_of(rank, other_rank);
    if (way == 0) {
        switch (rank) {
            case Rank::null: break;
            case Rank::number: way = compare_numbers(one.field, other.field); break;
            case Rank::text: way = compare_texts(one, other, order); break;
            case Rank::blob: way = compare_blobs(one.field, other.field); break;
        }
    }
    return order.is_descending ? -way : way;
}

std::uint64_t hash_of(const EncodedField& field, const FieldOrder& order) {
    const auto rank = static_cast<std::uint64_t>(rank_of(field.field));
    std::string room;
    switch (rank_of(field.field)) {
        case Rank::null: return rank;
        case Rank::number: {
            const auto* integer = std::get_if<std::int64_t>(&field.field);
            const double number = (integer ? static_cast<double>(*integer) : std::get<double>(field.field)) + 0.0;  // -0.0 equals 0.0
            return short_fingerprint(std::as_bytes(std::span(&number, 1)), rank);
        }
        case Rank::blob: return short_fingerprint(bytes_of(bytes_held(field.field, room)), rank);
        case Rank::text: break;
    }
    std::string text = sqlite::utf8_of(bytes_of(bytes_held(field.field, room)), field.encoding);
    if (!is_binary(order)) {
        text.resize(std::min(text.find('\0'), text.size()));  // NOCASE looks no further
        text = in_small_letters(std::string(without_spaces_behind(text)));
    }
    return short_fingerprint(bytes_of(text), rank);
}

SqlValue to_sql_value(const EncodedField& field) {
    if (const auto* integer = std::get_if<std::int64_t>(&field.field)) return *integer;
    if (const auto* real = std::get_if<double>(&field.field)) return *real;
    const Rank rank = rank_of(field.field);
    if (rank == Rank::null) return {};
    std::string room;
    const std::string_view held = bytes_held(field.field, room);
    if (rank == Rank::text) return sqlite::utf8_of(bytes_of(held), field.encoding);
    return copy_of(bytes_of(held));
}

}  // namespace holdfast::rows
