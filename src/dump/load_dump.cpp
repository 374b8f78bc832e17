#include "holdfast/dump/load_dump.h"

#include <algorithm>
#include <optional>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/dump/created_table.h"
#include "holdfast/dump/sql_cursor.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/row_values.h"

namespace holdfast::dump {
namespace {

using sqlite::quoted_name;
using Names = std::set<std::string, rows::NameOrder>;

std::string_view pragma_of(sqlite::TextEncoding encoding) {
    if (encoding == sqlite::TextEncoding::utf16le) return "UTF-16le";
    return encoding == sqlite::TextEncoding::utf16be ? "UTF-16be" : "UTF-8";
}

// What a CREATE statement makes, in capitals: TABLE, VIRTUAL, INDEX, UNIQUE, VIEW, TRIGGER.
std::string made_by(std::string_view sql) {
    SqlCursor cursor(sql, true);
    std::string word;
    static_cast<void>(cursor.take_word(word) && cursor.take_word(word));
    return word;
}

class Loading {
public:
    Loading(DumpReader& reader, sqlite::Connection& connection, const Watch& watch) : reader_(reader), connection_(connection), watch_(watch) {}

    Result<LoadReport> run() {
        TRY(connection_.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON"));
        DumpItem item;
        for (TRY(reader_.next(item)); item.kind != DumpItem::Kind::end; TRY(reader_.next(item))) {
            if (report_.rows % rows_between_looks == 0) TRY(watch_.go_on());
            TRY(take(item));
        }
        TRY(begin());
        insert_.reset();
        TRY(index_blobs());
        for (const auto& sql : triggers_) TRY(make(sql, reader_.place()));
        TRY(connection_.execute("COMMIT"));
        return std::move(report_);
    }

private:
    // The encoding stands before all else, and is settled with the first table.
    Result<void> begin() {
        if (connection_.is_in_transaction()) return {};
        TRY(connection_.execute(format("PRAGMA encoding = '{}'", pragma_of(reader_.encoding()))));
        return connection_.execute("BEGIN IMMEDIATE");
    }

    Result<void> take(DumpItem& item) {
        TRY(begin());
        switch (item.kind) {
            case DumpItem::Kind::row: return insert(item);
            case DumpItem::Kind::make: return take_made(std::string(item.sql));
            case DumpItem::Kind::number: return connection_.execute(format("PRAGMA {} = {}", item.sql, item.value));
            case DumpItem::Kind::rebuild: return at_place(connection_.execute(format("INSERT INTO {0}({0}) VALUES('rebuild')", quoted_name(item.table->table))));
            case DumpItem::Kind::end: break;
        }
        return {};
    }

    Error placed(Error error) const { return std::move(error).while_doing(reader_.place().in_words()); }
    Result<void> at_place(Result<void> done) const { return done ? Result<void>() : Result<void>(placed(std::move(done).error())); }

    Result<void> take_made(const std::string& sql) {
        const std::string what = made_by(sql);
        if (what == "TRIGGER") {  // they are not to act on the rows
            triggers_.push_back(sql);
            return {};
        }
        if (what == "TABLE") {
            const auto table = read_create_table(sql);
            if (!table) return placed(fail(ErrorCode::invalid, "a table that is made of a query")).while_doing("load the dump");
            made_.insert(table->name);
            if (shadows_.contains(table->name)) return {};
        }
        const bool is_known = what == "TABLE" || what == "VIRTUAL" || what == "INDEX" || what == "UNIQUE" || what == "VIEW";
        if (!is_known) return placed(fail(ErrorCode::invalid, "CREATE {} is nothing that a dump has", printable(what)));
        return make(sql, reader_.place());
    }

    Result<void> make(const std::string& sql, const TextPlace& place) {
        insert_.reset();
        auto statement = connection_.prepare(sql);
        if (!statement) return std::move(statement).error().while_doing(place.in_words());
        auto done = statement->step();
        return done ? Result<void>() : Result<void>(std::move(done).error().while_doing(place.in_words()));
    }

    // --- rows ---

    Result<void> insert(DumpItem& item) {
        const InsertHead& head = *item.table;
        if (rows::is_same_name(head.table, "sqlite_schema") || rows::is_same_name(head.table, "sqlite_master")) return make_virtual(item);
        if (rows::is_same_name(head.table.substr(0, 7), "sqlite_") && !rows::is_same_name(head.table, "sqlite_sequence")) return {};
        const bool has_casts = std::ranges::any_of(*item.values, [](const Value& value) { return std::holds_alternative<CastText>(value); });
        if (!insert_ || number_ != head.number || has_casts || has_casts_) TRY(prepare(head, *item.values));
        has_casts_ = has_casts;
        for (std::size_t i = 0; i < item.values->size(); ++i) {
            TRY(bind(static_cast<int>(i) + 1, (*item.values)[i]));
            if (reader_.encoding() != sqlite::TextEncoding::utf8 && std::holds_alternative<Bytes>((*item.values)[i])) with_blobs_.insert(head.table);
        }
        auto done = insert_->step();
        if (!done) return placed(std::move(done).error().while_doing(format("insert into {}", printable(head.table))));
        insert_->reset();
        ++report_.rows;
        return {};
    }

    Result<void> prepare(const InsertHead& head, const std::vector<Value>& values) {
        insert_.reset();
        if (shadows_.contains(head.table) && emptied_.insert(head.table).second) TRY(connection_.execute(format("DELETE FROM {}", quoted_name(head.table))));
        if (rows::is_same_name(head.table, "sqlite_sequence") && emptied_.insert(head.table).second) TRY(connection_.execute("DELETE FROM sqlite_sequence"));
        std::string sql = format("INSERT INTO {}", quoted_name(head.table));
        if (!head.columns.empty()) sql += "(" + rows::comma_separated(rows::quoted_names(head.columns)) + ")";
        sql += " VALUES(";
        for (std::size_t i = 0; i < values.size(); ++i) {
            const bool is_cast = std::holds_alternative<CastText>(values[i]);
            sql += format("{}?{}{}", i > 0 ? "," : "", i + 1, is_cast ? " || ''" : "");  // as the bytes are: CAST takes a bound blob for UTF-8
        }
        auto statement = connection_.prepare(sql + ")");
        if (!statement && !made_.contains(head.table)) {
            return placed(fail(ErrorCode::invalid, "it has rows of {}, and does not say what that table is", printable(head.table))).with_advice("it is no whole database; its rows can only be merged into one that has such a table");
        }
        if (!statement) return placed(std::move(statement).error());
        insert_ = std::move(*statement);
        number_ = head.number;
        return {};
    }

    Result<void> bind(int index, const Value& value) {
        if (const auto* text = std::get_if<std::string>(&value)) return insert_->bind_uncopied(index, std::string_view(*text));
        if (const auto* blob = std::get_if<Bytes>(&value)) return insert_->bind_uncopied(index, ByteView(*blob));
        if (const auto* integer = std::get_if<std::int64_t>(&value)) return insert_->bind(index, *integer);
        if (const auto* real = std::get_if<double>(&value)) return insert_->bind_value(index, *real);
        if (const auto* cast = std::get_if<CastText>(&value)) return insert_->bind_uncopied(index, bytes_of(cast->bytes));
        return insert_->bind_value(index, SqlValue());
    }

    // A blob that is bound is indexed as if it were UTF-8; one that is read from a table, as integrity checks do, as text of
    // the database's encoding.
    Result<void> index_blobs() {
        if (with_blobs_.empty()) return {};
        for (const auto& table : TRY(rows::read_schema(connection_)).tables) {
            const bool has_content = rows::is_full_text(table) && rows::content_of(table) != "";
            if (has_content && with_blobs_.contains(table.name)) TRY(connection_.execute(format("INSERT INTO {0}({0}) VALUES('rebuild')", quoted_name(table.name))));
        }
        return {};
    }

    // As .dump has virtual tables: their definition, and then the tables that they keep all in.
    Result<void> make_virtual(const DumpItem& item) {
        const auto& columns = item.table->columns;
        std::string sql, name;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto* text = std::get_if<std::string>(&(*item.values)[i]);
            if (text && rows::is_same_name(columns[i], "sql")) sql = *text;
            if (text && rows::is_same_name(columns[i], "name")) name = *text;
        }
        if (made_by(sql) != "VIRTUAL") return placed(fail(ErrorCode::invalid, "a row of the schema that is no virtual table"));
        TRY(make(sql, reader_.place()));
        for (const auto& table : TRY(rows::read_schema(connection_)).tables) {
            if (table.kind == rows::TableKind::shadow && rows::is_same_name(table.owner, name)) shadows_.insert(table.name);
        }
        return {};
    }

    static constexpr std::uint64_t rows_between_looks = 1024;
    DumpReader& reader_;
    sqlite::Connection& connection_;
    const Watch& watch_;
    std::optional<sqlite::Statement> insert_;
    std::uint64_t number_ = 0;             // of the head that it is for
    bool has_casts_ = false;               // it casts bytes to texts that cannot be written otherwise
    std::vector<std::string> triggers_;
    Names made_;                           // tables
    Names shadows_, emptied_;              // of virtual tables that .dump defines
    Names with_blobs_;                     // tables, where texts are in UTF-16
    LoadReport report_;
};

}  // namespace

Result<LoadReport> load_dump(DumpReader& reader, sqlite::Connection& connection, const Watch& watch) {
    auto loaded = Loading(reader, connection, watch).run();
    if (!loaded && connection.is_in_transaction()) static_cast<void>(connection.execute("ROLLBACK"));
    return loaded;
}

}  // namespace holdfast::dump
