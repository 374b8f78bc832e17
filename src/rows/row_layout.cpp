#include "holdfast/rows/row_layout.h"

#include <algorithm>
#include <bit>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::rows {
namespace {

using sqlite::quoted_name;
using sqlite::TextEncoding;

// REAL affinity (https://sqlite.org/datatype3.html, 3.1): whole numbers are stored as integers, and read as reals.
bool has_real_affinity(std::string_view declared_type) {
    const std::string type = in_small_letters(std::string(declared_type));
    const auto has = [&](std::string_view word) { return type.find(word) != std::string::npos; };
    if (has("int") || has("char") || has("clob") || has("text") || has("blob")) return false;
    return has("real") || has("floa") || has("doub");
}

std::string_view pragma_name(TextEncoding encoding) {
    switch (encoding) {
        case TextEncoding::utf16le: return "UTF-16le";
        case TextEncoding::utf16be: return "UTF-16be";
        case TextEncoding::utf8: break;
    }
    return "UTF-8";
}

// Names of collations are told as they were written.
std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
    return text;
}

// As SQLite itself gives it: by a row of nothing but defaults in a table of that column, without its constraints.
Result<Field> default_of(const Column& column, TextEncoding encoding) {
    auto connection = TRY(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    TRY(connection.execute(format("PRAGMA encoding = '{}'", pragma_name(encoding))));
    const std::string type = column.declared_type.empty() ? "" : quoted_name(column.declared_type);
    // An expression needs parentheses; a bare or quoted word, which SQLite takes for a text, must have none.
    if (!connection.execute(format("CREATE TABLE d(c {} DEFAULT ({}))", type, *column.default_sql))) {
        TRY(connection.execute(format("CREATE TABLE d(c {} DEFAULT {})", type, *column.default_sql)));
    }
    TRY(connection.execute("INSERT INTO d DEFAULT VALUES"));
    auto row = TRY(connection.prepare("SELECT c FROM d"));
    if (!TRY(row.step())) return fail(ErrorCode::bug, "a row of defaults has gone");
    return field_of(row, 0, encoding);
}

}  // namespace

Result<RowLayout> RowLayout::of(sqlite::Connection& connection, const std::string& database, const Table& table) {
    if (table.root.value == 0) return fail(ErrorCode::invalid, "{} is a virtual table, and has no rows of its own", printable(table.name));
    RowLayout layout;
    layout.table_ = table;
    const std::string encoding = TRY(connection.text(format("PRAGMA {}.encoding", quoted_name(database))));
    if (encoding == "UTF-16le") layout.encoding_ = TextEncoding::utf16le;
    if (encoding == "UTF-16be") layout.encoding_ = TextEncoding::utf16be;
    TRY(layout.place_columns(connection, database));
    return layout;
}

Result<void> RowLayout::place_columns(sqlite::Connection& connection, const std::string& database) {
    std::size_t next = 0;  // in the record of a table with rowid: the columns in their order
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const Column& column = table_.columns[i];
        const std::optional<std::size_t> here = table_.integer_key == i ? std::nullopt : std::optional(next);
        if (column.generated != Generated::when_read) ++next;
        if (column.generated != Generated::no) continue;
        written_.push_back(i);
        place_.push_back(here);
        is_real_.push_back(has_real_affinity(column.declared_type));
    }
    for (const auto& name : table_.key_columns()) {
        for (std::size_t i = 0; i < written_.size(); ++i) {
            const Column& column = table_.columns[written_[i]];
            if (is_same_name(column.name, name)) declared_key_.push_back({.field = i, .order = {.collation = in_capitals(column.collation)}});
        }
    }
    return table_.has_rowid ? Result<void>() : place_without_rowid(connection, database);
}

// The primary key's columns stand first, in its order; SQLite tells it of that key's index.
Result<void> RowLayout::place_without_rowid(sqlite::Connection& connection, const std::string& database) {
    const auto key = std::ranges::find(table_.unique, true, &UniqueKey::is_primary_key);
    if (key == table_.unique.end()) return fail(ErrorCode::corrupt, "{} is WITHOUT ROWID, and has no primary key", printable(table_.name));
    auto rows = TRY(connection.prepare(format("SELECT cid, key, \"desc\", coll FROM pragma_index_xinfo({}, {}) ORDER BY seqno", quoted_text(key->index), quoted_text(database))));
    std::ranges::fill(place_, std::nullopt);
    for (std::size_t place = 0; TRY(rows.step()); ++place) {
        const auto column = rows.column_integer(0);
        const auto written = std::ranges::find(written_, static_cast<std::size_t>(column));
        if (written == written_.end()) continue;  // a generated column
        const auto field = static_cast<std::size_t>(written - written_.begin());
        place_[field] = place;
        if (rows.column_integer(1) != 0) stored_key_.push_back({.field = field, .order = {.collation = in_capitals(rows.column_text(3)), .is_descending = rows.column_integer(2) != 0}});
    }
    const bool is_whole = std::ranges::all_of(place_, [](const auto& place) { return place.has_value(); });
    if (!is_whole || stored_key_.empty()) return fail(ErrorCode::unavailable, "the order of the columns of {} is not known to this SQLite", printable(table_.name));
    return {};
}

bool RowLayout::is_read_like(std::size_t field, const RowLayout& other, std::size_t other_field) const {
    const Column &mine = table_.columns[written_[field]], &theirs = other.table_.columns[other.written_[other_field]];
    return place_[field] == other.place_[other_field] && is_real_[field] == other.is_real_[other_field] && mine.default_sql == theirs.default_sql;
}

bool RowLayout::has_known_order() const {
    return std::ranges::all_of(stored_key_, [](const KeyPart& part) { return part.order.collation == "BINARY" || part.order.collation == "NOCASE" || part.order.collation == "RTRIM"; });
}

Result<const std::vector<Field>*> RowLayout::defaults() const {
    if (defaults_) return &*defaults_;
    std::vector<Field> fields;
    for (const std::size_t at : written_) {
        const Column& column = table_.columns[at];
        fields.push_back(column.default_sql ? TRY(default_of(column, encoding_)) : Field());
    }
    defaults_ = std::move(fields);
    return &*defaults_;
}

// The room of a text or blob that stood there is used again.
Result<void> RowLayout::read_field(Field& field, const sqlite::StoredPayload& payload, const sqlite::StoredColumn& column) {
    if (column.size > held_bytes_max) {
        field = LargeValue{.size = column.size, .offset = column.offset, .is_text = column.is_text(), .payload = std::make_shared<const sqlite::StoredPayload>(payload)};
        return {};
    }
    const auto size = static_cast<std::size_t>(column.size);
    if (column.is_text()) {
        auto* text = std::get_if<StoredText>(&field);
        std::string& bytes = (text ? *text : field.emplace<StoredText>()).bytes;
        bytes.resize(size);
        return payload.read(column.offset, std::as_writable_bytes(std::span(bytes)));
    }
    if (column.is_blob()) {
        auto* blob = std::get_if<Bytes>(&field);
        Bytes& bytes = blob ? *blob : field.emplace<Bytes>();
        bytes.resize(size);
        return payload.read(column.offset, bytes);
    }
    std::array<std::byte, 8> room{};
    const auto number = MutableByteView(room).first(size);
    TRY(payload.read(column.offset, number));
    if (column.is_integer()) field = sqlite::stored_integer(column, number);
    else if (column.is_real()) field = std::bit_cast<double>(std::uint64_t{load<BigEndian<std::uint64_t>>(number)});
    else field = std::monostate();
    return {};
}

Result<Row> RowLayout::read(const sqlite::StoredPayload& payload, std::optional<std::int64_t> row_id) const {
    Row row;
    TRY(read_into(row, payload, row_id));
    return row;
}

Result<void> RowLayout::read_into(Row& row, const sqlite::StoredPayload& payload, std::optional<std::int64_t> row_id) const {
    const auto columns = TRY(payload.columns());
    row.row_id = row_id;
    row.fields.resize(written_.size());
    for (std::size_t i = 0; i < written_.size(); ++i) {
        Field& field = row.fields[i];
        if (!place_[i]) {
            field = row_id.value_or(0);
        } else if (*place_[i] >= columns.size()) {
            field = (*TRY(defaults()))[i];
        } else {
            TRY(read_field(field, payload, columns[*place_[i]]));
            const auto* integer = std::get_if<std::int64_t>(&field);
            if (is_real_[i] && integer) field = static_cast<double>(*integer);
        }
    }
    return {};
}

}  // namespace holdfast::rows
