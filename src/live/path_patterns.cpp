#include "holdfast/live/path_patterns.h"

#include <ctype.h>

#include <algorithm>
#include <optional>
#include <ranges>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

using Bytes256 = std::bitset<256>;
using Glyph = PathPatterns::Glyph;
using Segment = PathPatterns::Segment;
using Pattern = PathPatterns::Pattern;

std::uint8_t number_of(char byte) { return static_cast<std::uint8_t>(byte); }

// --- reading ---

struct NamedClass {
    std::string_view name;
    int (*holds)(int);
};
constexpr NamedClass named_classes[] = {
    {"alnum", ::isalnum}, {"alpha", ::isalpha}, {"blank", ::isblank}, {"cntrl", ::iscntrl}, {"digit", ::isdigit}, {"graph", ::isgraph},
    {"lower", ::islower}, {"print", ::isprint}, {"punct", ::ispunct}, {"space", ::isspace}, {"upper", ::isupper}, {"xdigit", ::isxdigit},
};

Error not_closed() { return fail(ErrorCode::invalid, "a [ is not closed").with_advice("\\[ stands for the bracket itself"); }

Result<Bytes256> bytes_of_class(std::string_view name) {
    const auto known = std::ranges::find(named_classes, name, &NamedClass::name);
    if (known == std::end(named_classes)) return fail(ErrorCode::invalid, "there is no class of bytes [:{}:]", printable(name));
    constexpr int ascii_end = 128;
    Bytes256 bytes;
    for (int byte = 0; byte < ascii_end; ++byte) bytes[static_cast<std::size_t>(byte)] = known->holds(byte) != 0;
    return bytes;
}

// What no name can hold.
void take_impossible(Bytes256& bytes) {
    bytes.reset(number_of('/'));
    bytes.reset(0);
}

// Reads one pattern from left to right.
class PatternReader {
public:
    explicit PatternReader(std::string_view text) : text_(text) {}
    bool is_at_end() const { return at_ == text_.size(); }
    std::optional<char> peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? std::optional(text_[at_ + ahead]) : std::nullopt;
    }
    char take() { return text_[at_++]; }
    // Behind a `\`.
    Result<char> take_escaped() {
        if (is_at_end()) return fail(ErrorCode::invalid, "nothing stands behind the last \\");
        if (peek() == '/') return fail(ErrorCode::invalid, "a \\ stands before a /, which is never part of a name");
        return take();
    }
    // Behind a `[`. A `]` that comes first is one of the bytes.
    Result<Bytes256> take_set() {
        const bool is_negated = peek() == '!' || peek() == '^';
        if (is_negated) take();
        Bytes256 bytes;
        std::optional<char> before;  // what a `-` would go on from
        for (bool is_first = true; is_first || peek() != ']'; is_first = false) {
            if (is_at_end()) return not_closed();
            before = TRY(take_member(before, bytes));
        }
        take();
        if (is_negated) bytes.flip();
        take_impossible(bytes);
        if (bytes.none()) return fail(ErrorCode::invalid, "between [ and ] there is no byte that a name could have");
        return bytes;
    }

private:
    // A byte, a range or a class; answers the byte from which a range may begin.
    Result<std::optional<char>> take_member(std::optional<char> before, Bytes256& bytes) {
        char byte = take();
        if (byte == '-' && before && peek() && peek() != ']') {
            char last = take();
            if (last == '\\') last = TRY(take_in_set());
            for (int each = number_of(*before); each <= number_of(last); ++each) bytes.set(static_cast<std::size_t>(each));
            return std::optional<char>();
        }
        if (byte == '[' && peek() == ':') {
            const auto close = text_.find(']', at_ + 1);
            if (close == text_.npos) return not_closed();
            if (close > at_ + 1 && text_[close - 1] == ':') {
                bytes |= TRY(bytes_of_class(text_.substr(at_ + 1, close - at_ - 2)));
                at_ = close + 1;
                return std::optional<char>();
            }
        }
        if (byte == '\\') byte = TRY(take_in_set());
        bytes.set(number_of(byte));
        return std::optional(byte);
    }
    Result<char> take_in_set() {
        if (is_at_end()) return not_closed();
        return take();
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Glyph glyph_of(char byte) {
    Glyph glyph;
    glyph.bytes.set(number_of(byte));
    return glyph;
}

bool is_dots(const Segment& segment) {
    const auto is_dot = [](const Glyph& glyph) { return !glyph.is_star && glyph.bytes == glyph_of('.').bytes; };
    return segment.glyphs.size() <= 2 && std::ranges::all_of(segment.glyphs, is_dot);
}

// The segments of a pattern, which are parted by `/`.
class SegmentList {
public:
    void add(Glyph glyph) {
        stars_ = 0;
        open_.glyphs.push_back(std::move(glyph));
    }
    void add_star() {
        const bool is_next_to_one = !open_.glyphs.empty() && open_.glyphs.back().is_star;
        ++stars_;
        if (!is_next_to_one) open_.glyphs.push_back({.is_star = true, .bytes = {}});
    }
    Result<void> close() {
        if (open_.glyphs.empty()) return fail(ErrorCode::invalid, "no name stands before or behind a /");
        if (is_dots(open_)) return fail(ErrorCode::invalid, "paths here have no . or .. in them").with_advice("begin with / what lies at the root");
        if (stars_ > 1 && open_.glyphs.size() == 1) open_ = {.is_any_depth = true, .glyphs = {}};
        closed_.push_back(std::exchange(open_, {}));
        stars_ = 0;
        return {};
    }
    std::vector<Segment> take() && { return std::move(closed_); }

private:
    std::vector<Segment> closed_;
    Segment open_;
    std::size_t stars_ = 0;  // one after another, up to here
};

Result<std::vector<Segment>> read_segments(std::string_view text) {
    PatternReader reader(text);
    SegmentList segments;
    Glyph any_byte;
    any_byte.bytes.set();
    take_impossible(any_byte.bytes);
    while (!reader.is_at_end()) {
        char byte = reader.take();
        const bool is_escaped = byte == '\\';
        if (is_escaped) byte = TRY(reader.take_escaped());
        if (is_escaped) segments.add(glyph_of(byte));
        else if (byte == '/') TRY(segments.close());
        else if (byte == '*') segments.add_star();
        else if (byte == '?') segments.add(any_byte);
        else if (byte == '[') segments.add({.is_star = false, .bytes = TRY(reader.take_set())});
        else segments.add(glyph_of(byte));
    }
    TRY(segments.close());
    return std::move(segments).take();
}

std::string_view without_spaces_behind(std::string_view text) {
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') ++at;
        else if (text[at] == ' ') continue;
        end = std::min(at + 1, text.size());
    }
    return text.substr(0, end);
}

bool cut_front(std::string_view& text, char byte) {
    if (!text.starts_with(byte)) return false;
    text.remove_prefix(1);
    return true;
}

Result<Pattern> read_pattern(std::string_view text) {
    if (text.find('\0') != text.npos || text.find('\n') != text.npos) {
        return fail(ErrorCode::invalid, "a line break or a zero byte stands in it").with_advice("one pattern an entry; ? stands for a line break in a name");
    }
    Pattern pattern;
    pattern.takes_back = cut_front(text, '!');
    pattern.folders_only = text.ends_with('/');
    if (pattern.folders_only) text.remove_suffix(1);
    pattern.is_of_names = text.find('/') == text.npos;
    cut_front(text, '/');
    pattern.segments = TRY(read_segments(text));
    // Behind the last slash `**` is all that lies below, so at least one name; alone it is any name.
    if (pattern.segments.back().is_any_depth) {
        if (pattern.is_of_names) pattern.segments.clear();
        pattern.segments.push_back({.is_any_depth = false, .glyphs = {{.is_star = true, .bytes = {}}}});
    }
    return pattern;
}

// --- matching ---

// One loop for names of bytes and for paths of names: what can stand for any number of things (a star) takes none at first;
// where something does not match later, the last star takes one more. Never more steps than things times wishes.
template <typename Wishes, typename Things, typename IsMany, typename Fits>
bool match_all(const Wishes& wishes, const Things& things, IsMany is_many, Fits fits) {
    std::size_t wish = 0, thing = 0;
    std::optional<std::size_t> star;  // behind the last one
    std::size_t taken_to = 0;         // what that star stands for ends here
    while (thing < things.size()) {
        if (wish < wishes.size() && is_many(wishes[wish])) {
            star = ++wish;
            taken_to = thing;
        } else if (wish < wishes.size() && fits(wishes[wish], things[thing])) {
            ++wish;
            ++thing;
        } else if (star) {
            wish = *star;
            thing = ++taken_to;
        } else {
            return false;
        }
    }
    while (wish < wishes.size() && is_many(wishes[wish])) ++wish;
    return wish == wishes.size();
}

bool is_name(const Segment& segment, std::string_view name) {
    return match_all(segment.glyphs, name, [](const Glyph& glyph) { return glyph.is_star; },
                     [](const Glyph& glyph, char byte) { return glyph.bytes[number_of(byte)]; });
}

bool is_path(const Pattern& pattern, const std::vector<std::string_view>& names) {
    return match_all(pattern.segments, names, [](const Segment& segment) { return segment.is_any_depth; }, is_name);
}

std::vector<std::string_view> names_of(std::string_view path) {
    std::vector<std::string_view> names;
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        names.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return names;
}

}  // namespace

Result<PathPatterns> PathPatterns::parse(std::span<const std::string> patterns) {
    PathPatterns parsed;
    for (const auto& entry : patterns) {
        const auto text = without_spaces_behind(entry);
        if (text.empty() || text.starts_with('#')) continue;
        auto pattern = read_pattern(text);
        if (!pattern) return std::move(pattern).error().while_doing(format("read the pattern {}", printable(entry)));
        parsed.patterns_.push_back(std::move(*pattern));
    }
    return parsed;
}

PathPatterns::Verdict PathPatterns::judge(std::string_view path, host::FileKind kind) const {
    if (path.empty()) return Verdict::none;
    std::vector<std::string_view> names;  // split when the first pattern asks
    const auto name = path.substr(path.rfind('/') + 1);
    for (const auto& pattern : patterns_ | std::views::reverse) {
        if (pattern.folders_only && kind != host::FileKind::folder) continue;
        if (!pattern.is_of_names && names.empty()) names = names_of(path);
        if (pattern.is_of_names ? !is_name(pattern.segments.front(), name) : !is_path(pattern, names)) continue;
        return pattern.takes_back ? Verdict::taken_back : Verdict::matches;
    }
    return Verdict::none;
}

}  // namespace holdfast::live
