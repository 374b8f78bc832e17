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

// What of a text matters to a literal.
struct Look {
    bool is_valid = true, has_nul = false, has_quote = false, has_line_feed = false, has_return = false;
};

// All of it at once, which the compiler makes few instructions of; false: a byte of it is none of ASCII.
template <std::size_t size>
bool look_at_block(const char* block, Look& look) {
    unsigned char high = 0, nul = 0, quote = 0, line_feed = 0, line_return = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(block[i]);
        high = static_cast<unsigned char>(high | byte);
        nul = static_cast<unsigned char>(nul | (byte == 0));
        quote = static_cast<unsigned char>(quote | (byte == '\''));
        line_feed = static_cast<unsigned char>(line_feed | (byte == '\n'));
        line_return = static_cast<unsigned char>(line_return | (byte == '\r'));
    }
    if (high >= 0x80) return false;
    look.has_nul = look.has_nul || nul != 0;
    look.has_quote = look.has_quote || quote != 0;
    look.has_line_feed = look.has_line_feed || line_feed != 0;
    look.has_return = look.has_return || line_return != 0;
    return true;
}

Look look_at(std::string_view text) {
    constexpr std::size_t block = 32;
    Look look;
    for (std::size_t at = 0; at < text.size();) {
        if (text.size() - at >= block && look_at_block<block>(text.data() + at, look)) {
            at += block;
            continue;
        }
        // Character by character, to where a block may begin again.
        for (const std::size_t end = std::min(text.size(), at + block); at < end;) {
            const std::size_t length = utf8_length(text.substr(at));
            look.is_valid = look.is_valid && length > 0;
            if (length <= 1) static_cast<void>(look_at_block<1>(text.data() + at, look));
            at += std::max<std::size_t>(length, 1);
        }
    }
    return look;
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
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// U+FFFE or U+FFFF, of which SQLite makes U+FFFD where it converts (READ_UTF8 in its utf.c).
bool has_noncharacter(std::string_view text) { return text.find("\xef\xbf\xbe") != std::string_view::npos || text.find("\xef\xbf\xbf") != std::string_view::npos; }

// What stands for a line break: one of the marks that SQLite's shell takes, or another. The first character of each stands
// in it once, so that none can begin in what stands before it, or in another one.
std::string mark_for(std::string_view text, char character) {
    const std::string name = character == '\n' ? "\\n" : "\\r", number = character == '\n' ? "\\012" : "\\015";
    for (std::uint64_t i = 0;; ++i) {
        std::string mark = i == 0 ? name : i == 1 ? number : format("({}{})", name, i);
        if (text.find(mark) == std::string_view::npos) return mark;
    }
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

void write_hexadecimal(TextWriter& out, ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const std::byte byte : bytes) {
        out.add(digits[std::to_integer<std::size_t>(byte) >> 4]);
        out.add(digits[std::to_integer<std::size_t>(byte) & 15]);
    }
}

// Of valid UTF-8 without NUL.
void write_text(TextWriter& out, std::string_view text, const Look& look, LineBreaks line_breaks) {
    const bool is_replaced = line_breaks == LineBreaks::as_characters && (look.has_line_feed || look.has_return);
    const std::string line_feed = is_replaced && look.has_line_feed ? mark_for(text, '\n') : "\n", line_return = is_replaced && look.has_return ? mark_for(text, '\r') : "\r";
    if (is_replaced && look.has_return) out.add("replace(");
    if (is_replaced && look.has_line_feed) out.add("replace(");
    out.add('\'');
    const auto is_written_otherwise = [](char c) { return c == '\'' || c == '\n' || c == '\r'; };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = is_replaced ? at : look.has_quote ? std::min(text.size(), text.find('\'', at)) : text.size();
        while (is_replaced && end < text.size() && !is_written_otherwise(text[end])) ++end;
        out.add(text.substr(at, end - at));
        if (end < text.size()) out.add(text[end] == '\'' ? std::string_view("''") : text[end] == '\n' ? std::string_view(line_feed) : std::string_view(line_return));
        at = end + 1;
    }
    out.add('\'');
    if (is_replaced && look.has_line_feed) out.add(format(",'{}',char(10))", line_feed));
    if (is_replaced && look.has_return) out.add(format(",'{}',char(13))", line_return));
}

}  // namespace

// SQLite 3.40's own parser rounds some literals wrongly: each is read back before it is believed.
Result<std::string> LiteralWriter::real(double value) {
    if (std::isinf(value)) return std::string(value > 0 ? "9e999" : "-9e999");
    if (!judge_) {
        judge_ = TRY(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
        read_ = TRY(judge_->prepare("SELECT CAST(?1 AS REAL)"));  // texts are read as literals are: sqlite3AtoF()
    }
    const auto is_value = [&](sqlite::Statement& statement) -> Result<bool> {
        const bool is_there = TRY(statement.step());
        return is_there && std::bit_cast<std::uint64_t>(statement.column_real(0)) == std::bit_cast<std::uint64_t>(value);
    };
    std::string text = format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    read_->reset();
    TRY(read_->bind_uncopied(1, text));
    if (TRY(is_value(*read_))) return text;
    std::string exact = exact_real(value);
    auto computed = TRY(judge_->prepare("SELECT " + exact));
    if (TRY(is_value(computed))) return exact;
    if (value == 0) return std::string("-0.0");  // SQLite itself stores 0.0 for it
    return fail(ErrorCode::bug, "the real number {:a} cannot be written for SQLite", value);
}

void LiteralWriter::write_encoded(const StoredText& text, sqlite::TextEncoding encoding) {
    const bool is_utf8 = encoding == sqlite::TextEncoding::utf8;
    if (is_utf8 || is_valid_utf16(text.bytes, encoding)) {
        const std::string converted = is_utf8 ? std::string() : in_utf8(text, encoding);
        const std::string_view utf8 = is_utf8 ? std::string_view(text.bytes) : converted;
        const Look look = look_at(utf8);
        if (look.is_valid && !look.has_nul && !utf8.starts_with(byte_order_mark) && (is_utf8 || !has_noncharacter(utf8))) return write_text(out_, utf8, look, line_breaks_);
    }
    out_.add("CAST(x'");
    write_hexadecimal(out_, bytes_of(text.bytes));
    out_.add("' AS TEXT)");
}

Result<void> LiteralWriter::write_large(const LargeValue& value) {
    if (value.size > literal_bytes_max) {
        return fail(ErrorCode::invalid, "a value of {} is more than SQL can hold as text", human_bytes(value.size)).with_advice("holdfast restore --table brings such rows back");
    }
    out_.add(value.is_text ? "CAST(x'" : "x'");
    Bytes piece;
    for (std::uint64_t at = 0; at < value.size; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, value.size - at)));
        TRY(value.read(at, piece));
        write_hexadecimal(out_, piece);
        TRY(out_.pass_on());
    }
    out_.add(value.is_text ? "' AS TEXT)" : "'");
    return {};
}

Result<void> LiteralWriter::write(const EncodedField& field) {
    if (const auto* large = std::get_if<LargeValue>(&field.field)) return write_large(*large);
    if (const auto* text = std::get_if<StoredText>(&field.field)) {
        write_encoded(*text, field.encoding);
    } else if (const auto* integer = std::get_if<std::int64_t>(&field.field)) {
        out_.add(fmt::format_int(*integer).str());
    } else if (const auto* number = std::get_if<double>(&field.field)) {
        out_.add(TRY(real(*number)));
    } else if (const auto* blob = std::get_if<Bytes>(&field.field)) {
        out_.add("x'");
        write_hexadecimal(out_, *blob);
        out_.add('\'');
    } else {
        out_.add("NULL");
    }
    return {};
}

}  // namespace holdfast::rows
