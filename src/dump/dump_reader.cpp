#include "holdfast/dump/dump_reader.h"

#include <charconv>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/dump/created_table.h"
#include "holdfast/dump/sql_cursor.h"
#include "holdfast/dump/sql_format.h"

namespace holdfast::dump {
namespace {

using Kind = SqlPiece::Kind;

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr != text.data() ? std::optional(number) : std::nullopt;
}

// The value behind "-- KEY: "; keys are compared without regard to case.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
    constexpr std::string_view comment = "-- ";
    if (!line.starts_with(comment) || line.size() < comment.size() + key.size() + 1) return std::nullopt;
    const auto rest = line.substr(comment.size());
    if (!rows::is_same_name(rest.substr(0, key.size()), key) || rest[key.size()] != ':') return std::nullopt;
    return trim(rest.substr(key.size() + 1));
}

std::optional<sqlite::TextEncoding> encoding_named(std::string_view name) {
    if (rows::is_same_name(name, "UTF-8") || rows::is_same_name(name, "UTF8")) return sqlite::TextEncoding::utf8;
    if (rows::is_same_name(name, "UTF-16le") || rows::is_same_name(name, "UTF-16") || rows::is_same_name(name, "UTF16le")) return sqlite::TextEncoding::utf16le;
    if (rows::is_same_name(name, "UTF-16be") || rows::is_same_name(name, "UTF16be")) return sqlite::TextEncoding::utf16be;
    return std::nullopt;
}

// Local time without a zone, as Python's isoformat() has it, is taken as UTC: it only orders files of one machine.
Timestamp oak_time(std::string_view text) {
    const auto moment = parse_moment(std::string(text), {}, [](const CivilTime& civil) { return timestamp_of(civil, 0); }, 0);
    return moment ? *moment : Timestamp{};
}

}  // namespace

Error DumpReader::unproven(std::string what) const {
    return fail(ErrorCode::corrupt, "{}: {}", place().in_words(), what).with_advice("the file was cut or edited after it was written; --unproven takes it as it is");
}

Error DumpReader::refused(std::string what) const { return fail(ErrorCode::invalid, "{}: {}", place().in_words(), what); }

Result<DumpReader> DumpReader::open(TextSource source, Proof proof) {
    DumpReader reader(std::move(source), proof);
    TRY(reader.read_header());
    return reader;
}

Result<void> DumpReader::read_header() {
    TRY(sql_->next(piece_));
    has_piece_ = true;
    if (piece_.kind != Kind::comment) return {};
    constexpr std::string_view family = "-- holdfast dump ", oak = "-- OAK ";
    if (piece_.text == first_line) {
        head_.dialect = Dialect::holdfast;
        sql_->begin_hash();
    } else if (piece_.text.starts_with(family)) {
        return fail(ErrorCode::too_new, "this is a dump of format {}, and this version reads format 1", printable(piece_.text.substr(family.size()))).with_advice("a newer holdfast reads it");
    } else if (piece_.text.starts_with(oak) && piece_.text.find("History Backup") != std::string_view::npos) {
        head_.dialect = Dialect::oak;
    }
    while (piece_.kind == Kind::comment && !piece_.text.starts_with(end_word)) {
        read_header_line(piece_.text);
        if (head_.dialect == Dialect::oak && piece_.text.ends_with(" records)")) break;  // the first table's
        TRY(sql_->next(piece_));
    }
    return {};
}

void DumpReader::read_header_line(std::string_view line) {
    const bool is_ours = head_.dialect == Dialect::holdfast;
    if (const auto value = value_of(line, header_machine)) head_.origin.machine = *value;
    if (const auto value = value_of(line, header_database); value && is_ours) head_.origin.database = *value;
    if (const auto value = value_of(line, header_source); value && is_ours) head_.origin.source = *value;
    if (const auto value = value_of(line, header_schema); value && is_ours) head_.schema_hash = *value;
    if (const auto value = value_of(line, header_time); value && is_ours) head_.origin.time = oak_time(*value);
    if (value_of(line, header_part) && is_ours) head_.is_part = true;
    if (head_.dialect != Dialect::oak) return;
    if (const auto value = value_of(line, "Exported")) head_.origin.time = oak_time(*value);
    if (const auto value = value_of(line, "Schema version")) {
        if (const auto number = number_in(*value)) head_.schema_version = static_cast<std::int64_t>(*number);
    }
}

Result<void> DumpReader::next(DumpItem& item) {
    for (;;) {
        if (!has_piece_) TRY(sql_->next(piece_));
        has_piece_ = false;
        if (TRY(take(item))) return {};
    }
}

// False: it is nothing to give.
Result<bool> DumpReader::take(DumpItem& item) {
    if (has_end_ && piece_.kind != Kind::end && proof_ == Proof::needed) return unproven("something stands behind the end of the dump");
    has_any_ = has_any_ || piece_.kind == Kind::row || piece_.kind == Kind::statement;
    switch (piece_.kind) {
        case Kind::comment: return take_comment(piece_.text);
        case Kind::row: return take_row(item);
        case Kind::statement: return take_statement(item);
        case Kind::end: break;
    }
    TRY(expect_whole());
    item.kind = DumpItem::Kind::end;
    return true;
}

Result<bool> DumpReader::take_comment(std::string_view line) {
    if (head_.dialect == Dialect::oak) {
        constexpr std::string_view behind = " records)";
        const auto open = line.rfind(" (");
        if (!line.ends_with(behind) || open == std::string_view::npos) return false;
        TRY(expect_counted());
        expected_ = number_in(line.substr(open + 2));
        counted_ = line.substr(3, open - 3);
        counted_rows_ = 0;
        return false;
    }
    if (head_.dialect != Dialect::holdfast) return false;
    constexpr std::string_view rows_word = "-- rows: ", table_word = "-- table ";
    if (line.starts_with(end_word)) {
        TRY(take_end(line));
    } else if (line.starts_with(rows_word)) {
        expected_ = number_in(line.substr(rows_word.size()));
        TRY(expect_counted());
    } else if (line.starts_with(table_word)) {
        SqlCursor cursor(line.substr(table_word.size()), true);
        std::string name;
        bool is_quoted = false;
        if (!cursor.take_name(name, is_quoted) || !cursor.take('(')) return unproven("this line does not name a table");
        auto& columns = columns_[name];
        columns.clear();
        do {
            if (!columns.empty()) ++cursor.at;
            if (!cursor.take_name(columns.emplace_back(), is_quoted) || !cursor.skip_space()) return unproven("this line does not name columns");
        } while (cursor.here() == ',');
        counted_ = name;
        counted_rows_ = 0;
        ++tables_;
    }
    return false;
}

Result<bool> DumpReader::take_row(DumpItem& item) {
    const bool is_new_table = !has_table_ || table_.number != piece_.head->number;
    if (is_new_table) {
        table_ = *piece_.head;
        has_table_ = true;
        const auto known = columns_.find(table_.table);
        if (table_.columns.empty() && known != columns_.end()) table_.columns = known->second;
    }
    if (!table_.columns.empty() && table_.columns.size() != piece_.values.size()) {
        return refused(format("a row of {} values for {} columns of {}", piece_.values.size(), table_.columns.size(), printable(table_.table)));
    }
    item.table = &table_;
    const bool is_command = table_.columns.size() == 1 && rows::is_same_name(table_.columns.front(), table_.table) && std::holds_alternative<std::string>(piece_.values.front());
    if (is_command) {  // a full-text table is told something
        item.kind = DumpItem::Kind::rebuild;
        return std::get<std::string>(piece_.values.front()) == "rebuild";
    }
    if (encoding_ == sqlite::TextEncoding::utf8) {
        for (auto& value : piece_.values) {
            if (auto* text = std::get_if<CastText>(&value)) value = std::string(std::move(text->bytes));
        }
    }
    if (rows::is_same_name(table_.table, counted_)) {
        ++counted_rows_;
        ++rows_;
    }
    item.kind = DumpItem::Kind::row;
    item.values = &piece_.values;
    return true;
}

Result<bool> DumpReader::take_statement(DumpItem& item) {
    SqlCursor cursor(piece_.text, true);
    std::string verb, word;
    static_cast<void>(cursor.take_word(verb));
    item.sql = piece_.text;
    if (verb == "CREATE") {
        if (auto made = read_create_table(piece_.text)) columns_[made->name] = std::move(made->columns);
        item.kind = DumpItem::Kind::make;
        return true;
    }
    has_begun_ = has_begun_ || verb == "BEGIN";
    has_committed_ = has_committed_ || verb == "COMMIT" || verb == "END";
    if (verb == "BEGIN" || verb == "COMMIT" || verb == "END") return false;
    if (verb == "ROLLBACK") return unproven("it ends with ROLLBACK: whoever wrote it met errors");
    if (verb == "ANALYZE") return false;
    if (verb == "DELETE") {
        bool is_quoted = false;
        if (cursor.take_word(word) && word == "FROM" && cursor.take_name(word, is_quoted) && word.starts_with("sqlite_") && cursor.take(';')) return false;
    }
    if (verb == "PRAGMA" && cursor.take_word(word)) {
        Value value;
        bool is_quoted = false;
        if (!cursor.skip_space() || (cursor.here() != '=' && cursor.here() != '(')) return false;
        ++cursor.at;
        const bool is_number = word == "USER_VERSION" || word == "APPLICATION_ID";
        if (is_number && cursor.take_value(value) && std::holds_alternative<std::int64_t>(value)) {
            item.kind = DumpItem::Kind::number;
            item.sql = word == "USER_VERSION" ? "user_version" : "application_id";
            item.value = std::get<std::int64_t>(value);
            return true;
        }
        if (word == "ENCODING" && cursor.take_name(word, is_quoted)) {
            const auto encoding = encoding_named(word);
            if (!encoding) return refused(format("an encoding {} that SQLite does not have", printable(word)));
            encoding_ = *encoding;
        }
        return false;
    }
    return refused(format("a statement that no dump has, and that is not run: {}", printable(piece_.text.substr(0, 60)))).with_advice("holdfast exec runs SQL");
}

Result<void> DumpReader::expect_counted() {
    const auto expected = std::exchange(expected_, std::nullopt);
    if (!expected || *expected == counted_rows_ || proof_ == Proof::waived) return {};
    return unproven(format("{} rows of {} are said to be there, and there are {}", *expected, printable(counted_), counted_rows_));
}

Result<void> DumpReader::take_end(std::string_view line) {
    has_end_ = true;
    const Hash found = sql_->hash_before();
    if (proof_ == Proof::waived) return {};
    const std::string said = end_line({.tables = tables_, .rows = rows_, .content = found});
    if (line == trim(said)) return {};
    return unproven("the hash at its end is not that of what stands before it");
}

Result<void> DumpReader::expect_whole() {
    TRY(expect_counted());
    if (head_.dialect == Dialect::sql && !has_any_) return fail(ErrorCode::invalid, "this is no dump: there is no statement in it");
    if (proof_ == Proof::waived) return {};
    if (head_.dialect == Dialect::holdfast && !has_end_) return unproven("the end of the dump is missing");
    if (has_begun_ && !has_committed_) return unproven("the COMMIT at its end is missing");
    return {};
}

}  // namespace holdfast::dump
