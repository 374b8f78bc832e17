// RandomDatabase: a database of seeded random shape, and random edits to it: schemas with every feature, rows of every kind.
#pragma once

#include <sqlite3.h>

#include <random>
#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"
#include "support/database_files.h"
#include "support/results.h"

namespace holdfast::tests {

class RandomDatabase {
public:
    explicit RandomDatabase(std::uint64_t seed) : engine_(seed), connection_(must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}))) {
        must(connection_.execute(format("PRAGMA page_size = {}; PRAGMA auto_vacuum = {}; PRAGMA encoding = '{}'", one_of({"512", "1024", "4096"}), one_of({"0", "1", "2"}),
                                        one_of({"UTF-8", "UTF-8", "UTF-16le", "UTF-16be"}))));
        const int tables = below(4) + 1;
        for (int i = 0; i < tables; ++i) make_table();
        for (auto& table : tables_) {
            for (int rows = below(one_of({"5", "60", "400"}) == "5" ? 5 : 250); rows >= 0; --rows) insert(table);
        }
    }
    sqlite::Connection& connection() { return connection_; }

    void edit() {
        if (chance(6)) {  // a few values in place, and nothing else: perhaps in overflow pages alone
            for (const auto& table : tables_) overwrite_end(table, format("length({}) > 500 AND {} IN (SELECT {} FROM \"{}\" LIMIT 2 OFFSET {})", table.columns.back(), table.columns[1], table.columns[1], table.name, below(100)));
            return;
        }
        const int edits = chance(4) ? below(3) : below(60);
        must(connection_.execute("BEGIN"));
        for (int i = 0; i < edits; ++i) edit_once();
        must(connection_.execute("COMMIT"));
        if (chance(12)) must(connection_.execute("VACUUM"));
        if (chance(10)) must(connection_.execute(format("PRAGMA user_version = {}", below(1000))));
    }

    std::unique_ptr<sqlite::Image> image() {
        const Bytes bytes = serialized(connection_);
        return sqlite::memory_image(must(sqlite::PageSize::from_bytes(static_cast<std::uint32_t>(must(connection_.integer("PRAGMA page_size"))))), bytes);
    }

    int below(int end) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(end)); }
    bool chance(int in) { return below(in) == 0; }
    std::string one_of(std::vector<std::string> words) { return words[static_cast<std::size_t>(below(static_cast<int>(words.size())))]; }

    // A value as SQL.
    std::string value() {
        switch (below(12)) {
            case 0: return "NULL";
            case 1: return format("{}", below(5));
            case 2: return format("{}", static_cast<std::int64_t>(engine_()));
            case 3: return one_of({"0.5", "-0.25", "1e300", "3.0", "1e999", "2.2250738585072014e-308", "0.1"});
            case 4: return "x'" + hex(below(20)) + "'";
            case 5: return "x'" + hex(one_of({"300", "1200", "5000"}) == "300" ? 300 : below(6000)) + "'";
            case 6: return "CAST(x'610062' AS TEXT)";
            case 7: return "'" + std::string(static_cast<std::size_t>(below(4000)), static_cast<char>('a' + below(3))) + "'";
            case 8: return one_of({"'Abc'", "'abc'", "'ABC  '", "'abc '", "''", "'ÄÖ ü 🚀'", "'12'", "'1.5'", "'it''s'"});
            default: return format("'text {}'", below(300));
        }
    }

private:
    enum class Kind { integer_key, text_key, no_key, without_rowid, composite_key, hidden_rowid, full_text, rtree };
    struct RandomTable {
        Kind kind{};
        std::string name;
        std::vector<std::string> columns;  // that are written
    };

    std::string hex(int bytes) {
        std::string digits;
        for (int i = 0; i < bytes; ++i) digits += format("{:02x}", below(256));
        return digits;
    }
    void run(const std::string& sql) { static_cast<void>(connection_.execute(sql)); }  // constraints may refuse it

    void make_table() {
        RandomTable table{.kind = static_cast<Kind>(below(8)), .name = format("{}{}", one_of({"t", "odd \"\" name ", "T"}), ++made_), .columns = {"a", "b", "c"}};
        const std::string name = "\"" + table.name + "\"";
        const std::string type = one_of({"", "TEXT", "REAL", "NUMERIC"}), collation = one_of({"", "COLLATE NOCASE", "COLLATE RTRIM"});
        const std::string generated = chance(3) ? ", g AS (length(c)) " + one_of({"STORED", "VIRTUAL"}) + ", d DEFAULT 'x'" : "";
        if (!generated.empty()) table.columns.push_back("d");
        switch (table.kind) {
            case Kind::integer_key: run(format("CREATE TABLE {}(a INTEGER PRIMARY KEY {}, b {}{}, c)", name, chance(2) ? "AUTOINCREMENT" : "", type, generated)); break;
            case Kind::text_key: run(format("CREATE TABLE {}(a TEXT PRIMARY KEY {}, b {} {}, c {})", name, collation, type, generated, chance(3) ? "UNIQUE" : "")); break;
            case Kind::no_key: run(format("CREATE TABLE {}(a, b {} {}, c)", name, type, generated)); break;
            case Kind::without_rowid: run(format("CREATE TABLE {}(a {}, b {}{}, c, PRIMARY KEY(b {}, a)) WITHOUT ROWID", name, collation, type, generated, chance(2) ? "DESC" : "")); break;
            case Kind::composite_key: run(format("CREATE TABLE {}(a, b {}{}, c, PRIMARY KEY(a, b))", name, type, generated)); break;
            case Kind::hidden_rowid: run(format("CREATE TABLE {}(rowid, _rowid_, oid)", name)); table.columns = {"rowid", "_rowid_", "oid"}; break;
            case Kind::full_text: run(format("CREATE VIRTUAL TABLE {} USING fts5(a, b, c)", name)); break;
            case Kind::rtree: run(format("CREATE VIRTUAL TABLE {} USING rtree(a, b, c, +d)", name)); table.columns = {"a", "b", "c", "d"}; break;
        }
        if (table.kind != Kind::full_text && table.kind != Kind::rtree && chance(3)) run(format("CREATE INDEX \"i{}\" ON {}({})", made_, name, table.columns[1]));
        tables_.push_back(std::move(table));
    }

    void insert(const RandomTable& table) {
        std::string columns, values;
        for (const auto& column : table.columns) columns += (columns.empty() ? "" : ", ") + column;
        for (std::size_t i = 0; i < table.columns.size(); ++i) values += (i == 0 ? "" : ", ") + value_for(table, i);
        if (chance(8) && table.kind == Kind::no_key) columns += ", rowid", values += format(", {}", below(2000) - 100);
        run(format("INSERT OR {} INTO \"{}\"({}) VALUES({})", one_of({"IGNORE", "REPLACE"}), table.name, columns, values));
    }
    std::string value_for(const RandomTable& table, std::size_t column) {
        if (table.kind == Kind::integer_key && column == 0) return chance(3) ? format("{}", below(3000) - 50) : "NULL";
        if (table.kind == Kind::rtree && column == 0) return format("{}", below(400));
        if (table.kind == Kind::rtree && column < 3) return column == 1 ? "1" : format("{}.5", below(100) + 1);
        return value();
    }

    void edit_once() {
        if (tables_.empty() || chance(40)) {
            make_table();
            insert(tables_.back());
            return;
        }
        const auto at = static_cast<std::size_t>(below(static_cast<int>(tables_.size())));
        auto& table = tables_[at];
        const std::string name = "\"" + table.name + "\"";
        // random() of SQLite is not seeded: a row is chosen by a number of ours.
        const std::string chosen = format("rowid IN (SELECT rowid FROM {} LIMIT {} OFFSET {})", name, below(3) + 1, below(300));
        const std::string key = table.kind == Kind::without_rowid ? format("(a, b) IN (SELECT a, b FROM {} LIMIT {} OFFSET {})", name, below(3) + 1, below(200)) : chosen;
        const std::string column = table.columns[static_cast<std::size_t>(below(static_cast<int>(table.columns.size())))];
        switch (below(12)) {
            case 0:
            case 1:
            case 2: insert(table); break;
            case 3:
            case 4: run(format("DELETE FROM {} WHERE {}", name, key)); break;
            case 5: run(format("UPDATE OR IGNORE {} SET {} = {} WHERE {}", name, column, value(), key)); break;
            case 6: run(format("UPDATE OR REPLACE {} SET {} = {} WHERE {}", name, column, value(), key)); break;
            case 7: overwrite_end(table, key); break;
            case 8: if (table.kind == Kind::no_key || table.kind == Kind::text_key) run(format("UPDATE OR IGNORE {} SET rowid = rowid + {} WHERE {}", name, below(500), key)); break;
            case 9: if (chance(6)) run(format("DELETE FROM {}", name)); break;
            case 10: add_column(table); break;
            default:
                if (chance(15)) {
                    run(format("DROP TABLE {}", name));
                    tables_.erase(tables_.begin() + static_cast<std::ptrdiff_t>(at));
                }
        }
    }
    // The last byte of a blob: written in place, perhaps in an overflow page alone.
    void overwrite_end(const RandomTable& table, const std::string& key) {
        const std::string column = table.columns.back();
        run(format("UPDATE \"{}\" SET {} = CAST(substr({}, 1, length({}) - 1) || x'{:02x}' AS BLOB) WHERE typeof({}) = 'blob' AND length({}) > 1 AND {}", table.name, column, column, column, below(128), column, column, key));
    }
    void add_column(RandomTable& table) {
        if (!chance(5) || table.kind == Kind::full_text || table.kind == Kind::rtree || table.kind == Kind::hidden_rowid) return;
        const std::string column = format("added{}", ++made_);
        run(format("ALTER TABLE \"{}\" ADD COLUMN {} {} DEFAULT {}", table.name, column, one_of({"", "REAL", "TEXT"}), one_of({"5", "'five'", "\"word\"", "NULL", "x'00ff'", "-1.5"})));
        table.columns.push_back(column);
    }

    std::mt19937_64 engine_;
    sqlite::Connection connection_;
    std::vector<RandomTable> tables_;
    int made_ = 0;
};

}  // namespace holdfast::tests
