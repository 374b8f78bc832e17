#include "holdfast/agree/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::agree {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t header_size_max = 1 << 20, item_size_max = 1 << 20;
constexpr std::size_t dimensions_max = 32;  // numpy's own
constexpr std::size_t piece_size = 1 << 20;
constexpr std::uint64_t bytes_max = std::numeric_limits<std::int64_t>::max();

Error damaged(std::string_view what) { return fail(ErrorCode::corrupt, "its header is no numpy header: {}", what); }

// The dictionary is a literal of Python: numpy writes three keys, and reads no others.
class Dictionary {
public:
    explicit Dictionary(std::string_view text) : rest_(text) {}

    Result<NpyHeader> parse() {
        TRY(expect('{'));
        while (!take('}')) {
            const auto key = TRY(text());
            TRY(expect(':'));
            TRY(value(key));
            if (take(',')) continue;
            TRY(expect('}'));
            break;
        }
        skip_space();
        if (!rest_.empty()) return damaged("there is more behind its dictionary");
        if (!has_type_ || !has_order_ || !has_shape_) return damaged("descr, fortran_order or shape is missing");
        return header_;
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(" \t\r\n"))); }
    bool take(char wanted) {
        skip_space();
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take_word(std::string_view word) {
        skip_space();
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    Result<void> expect(char wanted) {
        if (take(wanted)) return {};
        return damaged(format("'{}' is expected", wanted));
    }
    Result<std::string_view> text() {
        skip_space();
        if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return damaged("a text is expected");
        const char quote = rest_.front();
        const auto end = rest_.find(quote, 1);
        if (end == std::string_view::npos) return damaged("a text does not end");
        const auto inner = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        return inner;
    }
    Result<std::uint64_t> number() {
        skip_space();
        std::uint64_t value = 0;
        const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (read.ec != std::errc()) return damaged("a length is expected that is no number, or too large a one");
        rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
        take('L');  // Python 2 wrote 3L
        return value;
    }
    static Result<void> once(bool& has) {
        if (std::exchange(has, true)) return damaged("a key is there twice");
        return {};
    }
    Result<void> value(std::string_view key) {
        if (key == "descr") {
            TRY(once(has_type_));
            return type();
        }
        if (key == "fortran_order") {
            TRY(once(has_order_));
            header_.fortran_order = take_word("True");
            if (!header_.fortran_order && !take_word("False")) return damaged("fortran_order is neither True nor False");
            return {};
        }
        if (key == "shape") {
            TRY(once(has_shape_));
            return shape();
        }
        return damaged("it has another key than descr, fortran_order and shape");
    }
    Result<void> type() {
        skip_space();
        if (!rest_.empty() && rest_.front() == '[') return fail(ErrorCode::unavailable, "its items are records, which are not looked into");
        const auto written = TRY(text());
        header_.type = printable(written);
        auto rest = written;
        if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) {
            header_.order = rest.front() == '=' ? '<' : rest.front();
            rest.remove_prefix(1);
        }
        if (rest.empty()) return damaged("its descr is empty");
        header_.kind = rest.front();
        rest.remove_prefix(1);
        if (header_.kind == 'O') return fail(ErrorCode::unavailable, "its items are Python objects, which are not looked into");
        if (std::string_view("biufcmMSUV").find(header_.kind) == std::string_view::npos) return damaged(format("there is no dtype {}", header_.type));
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), header_.item_size);
        if (read.ec != std::errc() || header_.item_size > item_size_max) return damaged(format("there is no dtype {}", header_.type));
        const bool has_unit = read.ptr != rest.data() + rest.size() && *read.ptr == '[' && (header_.kind == 'm' || header_.kind == 'M');
        if (read.ptr != rest.data() + rest.size() && !has_unit) return damaged(format("there is no dtype {}", header_.type));
        if (header_.kind == 'U') header_.item_size *= 4;  // characters
        if (header_.item_size > item_size_max) return damaged(format("there is no dtype {}", header_.type));
        const bool is_width = header_.item_size == 1 || header_.item_size == 2 || header_.item_size == 4 || header_.item_size == 8;
        if (header_.is_integer() && !is_width) return damaged(format("there is no dtype {}", header_.type));
        return {};
    }
    Result<void> shape() {
        TRY(expect('('));
        std::uint64_t bytes_of_all = 1;
        while (!take(')')) {
            if (header_.shape.size() == dimensions_max) return damaged("it has more dimensions than an array can have");
            const auto length = TRY(number());
            if (length != 0 && bytes_of_all > bytes_max / item_size_max / length) return damaged("its shape is of more items than a file can hold");
            bytes_of_all *= std::max<std::uint64_t>(length, 1);
            header_.shape.push_back(length);
            if (take(',')) continue;
            TRY(expect(')'));
            break;
        }
        return {};
    }

    std::string_view rest_;
    NpyHeader header_;
    bool has_type_ = false, has_order_ = false, has_shape_ = false;
};

Result<std::string> read_dictionary(Pull& from) {
    std::array<std::byte, 12> prefix{};
    constexpr std::size_t short_prefix = 10;  // magic, version, length as u16; from format 2 on as u32
    if (TRY(from.fill(std::span(prefix).first(short_prefix))) != short_prefix) return fail(ErrorCode::corrupt, "it is too short for a numpy array");
    if (text_of(prefix).substr(0, magic.size()) != magic) return fail(ErrorCode::corrupt, "it does not begin as a numpy array");
    const auto version = std::to_integer<unsigned>(prefix[6]);
    if (version < 1 || version > 3 || prefix[7] != std::byte{0}) {
        return fail(ErrorCode::unavailable, "it is of numpy format {}.{}, and 1.0 to 3.0 are known", version, std::to_integer<unsigned>(prefix[7]));
    }
    std::uint64_t size = load<LittleEndian<std::uint16_t>>(std::span(prefix).subspan(8));
    if (version > 1) {
        if (TRY(from.fill(std::span(prefix).subspan(short_prefix))) != 2) return fail(ErrorCode::corrupt, "it is too short for a numpy array");
        size = load<LittleEndian<std::uint32_t>>(std::span(prefix).subspan(8));
    }
    if (size > header_size_max) return damaged(format("it is said to have {} bytes", size));
    std::string dictionary(size, '\0');
    const auto got = TRY(from.fill(std::as_writable_bytes(std::span(dictionary))));
    if (got != size) return fail(ErrorCode::corrupt, "it ends within its header");
    return dictionary;
}

template <typename Item>
Result<void> take_integers(ByteView piece, const NpyHeader& header, std::vector<std::int64_t>& into) {
    for (; !piece.empty(); piece = piece.subspan(sizeof(Item))) {
        using Bare = std::make_unsigned_t<Item>;
        const Bare bare = header.order == '>' ? Bare{load<BigEndian<Bare>>(piece)} : Bare{load<LittleEndian<Bare>>(piece)};
        if constexpr (std::same_as<Item, std::uint64_t>) {
            if (bare > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail(ErrorCode::unavailable, "the number {} in it is larger than an id of SQLite can be", bare);
        }
        into.push_back(static_cast<std::int64_t>(static_cast<Item>(bare)));
    }
    return {};
}

Result<void> take_all_integers(ByteView piece, const NpyHeader& header, std::vector<std::int64_t>& into) {
    const bool is_signed = header.kind == 'i';
    switch (header.item_size) {
        case 1: return is_signed ? take_integers<std::int8_t>(piece, header, into) : take_integers<std::uint8_t>(piece, header, into);
        case 2: return is_signed ? take_integers<std::int16_t>(piece, header, into) : take_integers<std::uint16_t>(piece, header, into);
        case 4: return is_signed ? take_integers<std::int32_t>(piece, header, into) : take_integers<std::uint32_t>(piece, header, into);
        default: return is_signed ? take_integers<std::int64_t>(piece, header, into) : take_integers<std::uint64_t>(piece, header, into);
    }
}

}  // namespace

std::uint64_t NpyHeader::items() const {
    std::uint64_t items = 1;
    for (const auto length : shape) items *= length;
    return items;
}

Result<NpyHeader> parse_npy_header(std::string_view dictionary) { return Dictionary(dictionary).parse(); }

Result<NpyArray> read_npy(Pull& from, NpyContent content, const LookBounds& bounds) {
    NpyArray array{.header = TRY(parse_npy_header(TRY(read_dictionary(from)))), .integers = {}};
    const auto& header = array.header;
    const bool is_kept = content == NpyContent::integers && header.is_integer();
    if (is_kept && header.items() > bounds.ids_max) return fail(ErrorCode::unavailable, "it holds {} ids, and at most {} are compared", header.items(), bounds.ids_max);
    const std::uint64_t size = header.items() * header.item_size;
    Buffer buffer(piece_size);
    std::uint64_t done = 0;
    for (std::size_t got = 0; (got = TRY(from.fill(buffer.span()))) > 0; done += got) {  // 1 MiB holds whole integers
        TRY(bounds.go_on());
        if (got > size - done) return fail(ErrorCode::corrupt, "it holds more bytes than its shape says ({})", size);
        const auto piece = buffer.view().first(got);
        if (is_kept && got % header.item_size == 0) TRY(take_all_integers(piece, header, array.integers));
    }
    if (done != size) return fail(ErrorCode::corrupt, "its shape says {} bytes, and it holds {}", size, done);
    return array;
}

Result<Look> look_at_npy(host::FileSystem& files, const std::string& path, const LookBounds& bounds) {
    const auto file = TRY(files.open_to_read(path));
    FilePull from(*file, {.offset = 0, .size = TRY(file->size())});
    auto array = TRY(read_npy(from, NpyContent::integers, bounds));
    Look look;
    look.type = "npy " + array.header.type;
    const auto& shape = array.header.shape;
    if (!shape.empty()) look.count = shape.front();
    if (shape.size() == 2) look.dimension = shape.back();
    if (shape.size() == 1 && array.header.is_integer()) look.ids = std::move(array.integers);
    return look;
}

}  // namespace holdfast::agree
