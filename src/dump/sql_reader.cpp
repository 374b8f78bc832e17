#include "holdfast/dump/sql_reader.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/dump/sql_cursor.h"

namespace holdfast::dump {
namespace {

constexpr std::size_t read_at_once = 256 * 1024;
constexpr std::size_t piece_bytes_max = 1'000'000'000 + read_at_once;  // SQLite takes no longer SQL

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// INSERT [OR …] INTO [schema.]table[(column, …)] VALUES
bool take_head(SqlCursor& cursor, const std::string& verb, InsertHead& head) {
    std::string word;
    bool is_quoted = false;
    const auto unlike = [&](const char* what) {
        if (!cursor.is_cut && cursor.wrong.empty()) cursor.wrong = what;
        return false;
    };
    const auto is_there = [&] { return cursor.skip_space() || cursor.expect_more(); };
    if (verb == "INSERT") {
        if (!cursor.take_word(word)) return false;
        if (word == "OR" && (!cursor.take_word(word) || !cursor.take_word(word))) return false;
    } else if (!cursor.take_word(word)) {
        return false;
    }
    if (word != "INTO") return unlike("INTO is expected behind INSERT");
    if (!cursor.take_name(head.table, is_quoted) || !is_there()) return false;
    if (cursor.here() == '.') {
        ++cursor.at;
        if (!cursor.take_name(head.table, is_quoted) || !is_there()) return false;
    }
    head.columns.clear();
    if (cursor.here() == '(') {
        do {
            ++cursor.at;
            if (!cursor.take_name(head.columns.emplace_back(), is_quoted) || !is_there()) return false;
        } while (cursor.here() == ',');
        if (!cursor.take(')')) return false;
    }
    if (!cursor.take_word(word)) return false;
    return word == "VALUES" ? true : unlike("an INSERT without VALUES: such statements are not carried out");
}

// (value, …) and a comma or the semicolon behind it, which is left there.
bool take_row(SqlCursor& cursor, std::vector<Value>& values, bool& is_last) {
    if (!cursor.take('(')) return false;
    for (std::size_t count = 0;; ++count) {
        if (values.size() <= count) values.emplace_back();
        if (!cursor.take_value(values[count])) return false;
        if (!cursor.skip_space()) return cursor.expect_more();
        if (cursor.here() == ',') {
            ++cursor.at;
            continue;
        }
        values.resize(count + 1);
        if (!cursor.take(')')) return false;
        if (!cursor.skip_space()) return cursor.expect_more();
        is_last = cursor.here() != ',';
        if (is_last) return cursor.take(';');
        ++cursor.at;
        return true;
    }
}

}  // namespace

std::string TextPlace::in_words() const { return format("line {} (byte {})", line, byte); }

// What was read last, with pairs made line feeds where the first line has one.
void SqlReader::take_in(std::size_t old_size) {
    if (!has_returns_) {
        const auto line_end = buffer_.find('\n');
        if (line_end == std::string::npos && !is_at_end_) return;
        has_returns_ = line_end != std::string::npos && line_end > 0 && buffer_[line_end - 1] == '\r';
        old_size = 0;
    }
    if (!*has_returns_) return;
    std::size_t to = old_size;
    const std::size_t end = buffer_.size();
    for (std::size_t from = old_size; from < end; ++from) {
        const bool is_pair = buffer_[from] == '\r' && from + 1 < end && buffer_[from + 1] == '\n';
        if (!is_pair) buffer_[to++] = buffer_[from];
    }
    buffer_.resize(to);
}

// What is done with makes room, and counts.
void SqlReader::forget_done() {
    const auto done = std::string_view(buffer_).substr(0, begin_);
    if (is_hashed_) hash_.update(bytes_of(done));
    buffer_place_ = place_of(begin_);
    buffer_.erase(0, begin_);
    at_ -= begin_;
    begin_ = 0;
}

Result<void> SqlReader::fill() {
    if (begin_ > 0) forget_done();
    const std::size_t old_size = buffer_.size();
    if (old_size > piece_bytes_max) return fail(ErrorCode::invalid, "{}: a statement of more than {}", place().in_words(), human_bytes(piece_bytes_max));
    const auto read_more = [&](std::size_t most) -> Result<void> {
        const std::size_t size = buffer_.size();
        buffer_.resize(size + most);
        const std::size_t got = TRY(source_(std::as_writable_bytes(std::span(buffer_).subspan(size))));
        buffer_.resize(size + got);
        is_at_end_ = got == 0;
        return {};
    };
    TRY(read_more(std::max(read_at_once, old_size)));  // a long statement is begun again only so often
    while (!is_at_end_ && buffer_.back() == '\r') TRY(read_more(1));  // a pair must not be torn
    take_in(old_size);
    return {};
}

TextPlace SqlReader::place_of(std::size_t at) const {
    const auto before = std::string_view(buffer_).substr(0, std::min(at, buffer_.size()));
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(before, '\n'));
    return {.line = buffer_place_.line + lines, .byte = buffer_place_.byte + before.size() + (has_returns() ? lines : 0)};
}

TextPlace SqlReader::place() const { return place_of(begin_); }

Hash SqlReader::hash_before() {
    hash_.update(bytes_of(std::string_view(buffer_).substr(0, begin_)));
    is_hashed_ = false;
    return hash_.finish();
}

Error SqlReader::wrong(std::string_view what, std::size_t at) const {
    auto there = std::string_view(buffer_).substr(std::min(at, buffer_.size()), 40);
    there = there.substr(0, there.find('\n'));
    return fail(ErrorCode::invalid, "{}: {}{}", place_of(at).in_words(), what, there.empty() ? "" : format(", at {}", printable(there)));
}

Result<void> SqlReader::next(SqlPiece& piece) {
    begin_ = at_;
    while (!TRY(try_next(piece))) TRY(fill());
    return {};
}

// False: more has to be read first.
Result<bool> SqlReader::try_next(SqlPiece& piece) {
    while (!is_in_values_ && begin_ < buffer_.size() && (is_blank(buffer_[begin_]) || buffer_[begin_] == ';')) ++begin_;
    at_ = begin_;
    const auto rest = std::string_view(buffer_).substr(begin_);
    if (rest.empty() && !is_at_end_) return false;
    if (rest.starts_with("--") && !is_in_values_) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos && !is_at_end_) return false;
        piece.kind = SqlPiece::Kind::comment;
        piece.text = rest.substr(0, end);
        at_ = begin_ + std::min(rest.size(), piece.text.size() + 1);
        return true;
    }
    SqlCursor cursor(rest, is_at_end_);
    const bool is_done = is_in_values_ ? take_values(cursor, piece) : take_statement(cursor, piece);
    if (!is_done && cursor.is_cut) return false;
    if (!is_done && cursor.is_over) return fail(ErrorCode::corrupt, "{}: {}", place().in_words(), cursor.wrong).with_advice("the file was cut after it was written; a whole one");
    if (!is_done) return wrong(cursor.wrong, begin_ + cursor.at);
    at_ = begin_ + cursor.at;
    return true;
}

bool SqlReader::take_statement(SqlCursor& cursor, SqlPiece& piece) {
    if (!head_text_.empty() && cursor.text().starts_with(head_text_)) {
        cursor.at = head_text_.size();
        return take_values(cursor, piece);
    }
    if (!cursor.skip_space()) {
        piece.kind = SqlPiece::Kind::end;
        return !cursor.is_cut;
    }
    const std::size_t start = cursor.at;
    std::string verb;
    if (!cursor.take_word(verb)) return false;
    if (verb == "INSERT" || verb == "REPLACE") {
        InsertHead head;
        if (!take_head(cursor, verb, head)) return false;
        head.number = head_.number + 1;
        head_ = std::move(head);
        head_text_ = cursor.text().substr(0, cursor.at);
        return take_values(cursor, piece);
    }
    cursor.at = start;
    if (!cursor.skip_statement()) return false;
    piece.kind = SqlPiece::Kind::statement;
    piece.text = cursor.text().substr(start, cursor.at - start);
    return true;
}

bool SqlReader::take_values(SqlCursor& cursor, SqlPiece& piece) {
    bool is_last = false;
    if (!take_row(cursor, piece.values, is_last)) return false;
    piece.kind = SqlPiece::Kind::row;
    piece.head = &head_;
    is_in_values_ = !is_last;
    return true;
}

}  // namespace holdfast::dump
