#include "holdfast/rows/sql_literal.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "holdfast/base/text.h"
#include "holdfast/rows/names.h"

namespace holdfast::rows {
namespace {

constexpr std::uint64_t literal_bytes_max = 480'000'000;  // two digits a byte, within the length of SQL that SQLite allows
constexpr std::size_t piece_bytes = 64 * 1024;

std::string hexadecimal(ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<std::size_t>(byte) >> 4];
        text += digits[std::to_integer<std::size_t>(byte) & 15];
    }
    return text;
}

// How many bytes a character takes that begins there; 0: none does (RFC 3629).
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto is_tail = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
    const unsigned first = at(0), second = at(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return is_tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool is_short = first == 0xe0 && second < 0xa0, is_surrogate = first == 0xed && second > 0x9f;
        return is_tail(1) && is_tail(2) && !is_short && !is_surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool is_short = first == 0xf0 && second < 0x90, is_beyond = first == 0xf4 && second > 0x8f;
        return is_tail(1) && is_tail(2) && is_tail(3) && !is_short && !is_beyond ? 4 : 0;
    }
    return 0;
}

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_valid_utf16(std::string_view bytes, sqlite::TextEncoding encoding) {
    if (bytes.size() % 2 != 0) return false;
    const std::size_t high = encoding == sqlite::TextEncoding::utf16be ? 0 : 1;
    const auto unit_kind = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i + high]) & 0xfcu; };
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        if (unit_kind(i) == 0xdc) return false;
        if (unit_kind(i) != 0xd8) continue;
        i += 2;
        if (i >= bytes.size() || unit_kind(i) != 0xdc) return false;
    }
    return true;
}

// SQLite keeps a byte order mark at the beginning of a text that it converts for a sign of the order, and drops it.
bool fits_in_quotes(const StoredText& text, sqlite::TextEncoding encoding) {
    const bool is_valid = encoding == sqlite::TextEncoding::utf8 ? is_valid_utf8(text.bytes) : is_valid_utf16(text.bytes, encoding);
    if (!is_valid) return false;
    const std::string utf8 = in_utf8(text, encoding);
    return utf8.find('\0') == std::string::npos && !utf8.starts_with("\xef\xbb\xbf");
}

// A real as a whole number times powers of two: every step is exact, whoever reads it.
std::string exact_real(double value) {
    int exponent = 0;
    const double fraction = std::frexp(std::abs(value), &exponent);
    const auto digits = static_cast<std::int64_t>(std::ldexp(fraction, 53));
    exponent -= 53;
    std::string text = format("CAST({}{} AS REAL)", value < 0 ? "-" : "", digits);
    constexpr int step = 30;
    constexpr double power = 1073741824.0;
    for (; exponent >= step; exponent -= step) text += format("*{:.1f}", power);
    for (; exponent <= -step; exponent += step) text += format("/{:.1f}", power);
    if (exponent > 0) text += format("*{:.1f}", std::ldexp(1.0, exponent));
    if (exponent < 0) text += format("/{:.1f}", std::ldexp(1.0, -exponent));
    return "(" + text + ")";
}

}  // namespace

// SQLite 3.40's own parser rounds some literals wrongly: each is read back before it is believed.
Result<std::string> LiteralWriter::real(double value) {
    if (std::isinf(value)) return std::string(value > 0 ? "9e999" : "-9e999");
    if (!judge_) judge_ = TRY(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    std::string text = format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    for (const std::string& candidate : {text, exact_real(value)}) {
        auto statement = TRY(judge_->prepare("SELECT " + candidate));
        if (!TRY(statement.step())) break;
        const auto read = statement.column_value(0);
        const auto* real = std::get_if<double>(&read);
        if (real && std::bit_cast<std::uint64_t>(*real) == std::bit_cast<std::uint64_t>(value)) return candidate;
    }
    if (value == 0) return std::string("-0.0");  // SQLite itself stores 0.0 for it
    return fail(ErrorCode::bug, "the real number {:a} cannot be written for SQLite", value);
}

Result<void> LiteralWriter::write_text(const StoredText& text, sqlite::TextEncoding encoding) {
    if (fits_in_quotes(text, encoding)) return sink_(quoted_text(in_utf8(text, encoding)));
    return sink_("CAST(x'" + hexadecimal(bytes_of(text.bytes)) + "' AS TEXT)");
}

Result<void> LiteralWriter::write_large(const LargeValue& value) {
    if (value.size > literal_bytes_max) {
        return fail(ErrorCode::invalid, "a value of {} is more than SQL can hold as text", human_bytes(value.size)).with_advice("holdfast restore --table brings such rows back");
    }
    TRY(sink_(value.is_text ? "CAST(x'" : "x'"));
    Bytes piece;
    for (std::uint64_t at = 0; at < value.size; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, value.size - at)));
        TRY(value.read(at, piece));
        TRY(sink_(hexadecimal(piece)));
    }
    return sink_(value.is_text ? "' AS TEXT)" : "'");
}

Result<void> LiteralWriter::write(const EncodedField& field) {
    if (const auto* integer = std::get_if<std::int64_t>(&field.field)) return sink_(format("{}", *integer));
    if (const auto* number = std::get_if<double>(&field.field)) return sink_(TRY(real(*number)));
    if (const auto* text = std::get_if<StoredText>(&field.field)) return write_text(*text, field.encoding);
    if (const auto* blob = std::get_if<Bytes>(&field.field)) return sink_("x'" + hexadecimal(*blob) + "'");
    if (const auto* large = std::get_if<LargeValue>(&field.field)) return write_large(*large);
    return sink_("NULL");
}

}  // namespace holdfast::rows
