// Scripts that turn one database into another, and what both hold, for SQLite to judge.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/rows/script.h"
#include "support/database_files.h"
#include "support/results.h"

namespace holdfast::rows {

using tests::must;

// A database in memory with the pages of an image, to be written to.
inline sqlite::Connection copy_of_image(const sqlite::Image& image) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    const Bytes bytes = tests::image_bytes(image);
    auto* own = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size() * 4));
    std::memcpy(own, bytes.data(), bytes.size());
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    EXPECT_EQ(sqlite3_deserialize(connection.handle(), "main", own, size, size * 4, SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE), SQLITE_OK);
    return connection;
}

inline std::unique_ptr<sqlite::Image> image_of(sqlite::Connection& connection) {
    must(connection.integer("PRAGMA schema_version"));  // before it has read anything, SQLite tells its default page size
    return sqlite::memory_image(must(sqlite::PageSize::from_bytes(static_cast<std::uint32_t>(must(connection.integer("PRAGMA page_size"))))), tests::serialized(connection));
}

inline std::string script_of(const sqlite::Image& before, const sqlite::Image& after, ScriptRequest request = {}) {
    auto pair = must(DatabasePair::open(before, after));
    std::string sql;
    must(write_script(pair, request, [&](std::string_view text) -> Result<void> {
        sql += text;
        return {};
    }));
    return sql;
}

inline std::string in_words(const Comparison& found) {
    std::string text;
    for (const auto& change : found.schema) text += format("schema {} {}: {} | {}\n", change.type, change.name, change.before, change.after);
    for (const auto& change : found.properties) text += format("{}: {} | {}\n", change.name, change.before, change.after);
    for (const auto& table : found.tables) text += format("{}: +{} -{} ~{} moved {} {}\n", table.name, table.added, table.removed, table.changed, table.moved, table.not_compared);
    return text;
}

// What a full-text index answers from: each word with the rows and columns it is in, as SQLite reads it out of the index.
inline std::vector<std::string> words_of(sqlite::Connection& connection, const Table& index) {
    if (index.module != "fts5" && index.module != "fts4") return {};
    const std::string name = quoted_text(index.name);
    must(connection.execute(index.module == "fts5" ? format("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {}, 'instance')", name)
                                                   : format("CREATE VIRTUAL TABLE temp.words USING fts4aux(main, {})", name)));
    std::vector<std::string> lines;
    {
        auto rows = must(connection.prepare("SELECT * FROM temp.words"));
        while (must(rows.step())) {
            std::string line = index.name + " says";
            for (int i = 0; i < rows.column_count(); ++i) line += " " + rows.column_text(i);
            lines.push_back(line);
        }
    }
    must(connection.execute("DROP TABLE temp.words"));
    return lines;
}

// It agrees with its rows, also where they are another table's.
inline void expect_sound_indexes(sqlite::Connection& connection) {
    for (const auto& table : must(read_schema(connection)).tables) {
        if (table.module == "fts5") must(connection.execute(format("INSERT INTO {0}({0}, rank) VALUES('integrity-check', 1)", sqlite::quoted_name(table.name))));
        if (table.module == "fts4") must(connection.execute(format("INSERT INTO {0}({0}) VALUES('integrity-check')", sqlite::quoted_name(table.name))));
    }
}

// Every row of every table, as SQLite reads it, with its rowid, words of indexes, and the counters of AUTOINCREMENT.
inline std::string everything(const sqlite::Image& image) {
    auto connection = copy_of_image(image);
    const auto schema = must(read_schema(connection));
    std::vector<std::string> lines;
    for (const auto& table : schema.tables) {
        if (table.kind == TableKind::shadow || table.name == "sqlite_stat1") continue;
        const std::string rowid = table.kind == TableKind::virtual_table ? "rowid" : !table.rowid_name.empty() ? table.rowid_name : "NULL";
        auto rows = must(connection.prepare(format("SELECT {}, * FROM {}", table.kind == TableKind::internal ? "NULL" : rowid, sqlite::quoted_name(table.name))));
        while (must(rows.step())) {
            std::string line = table.name;
            for (int i = 0; i < rows.column_count(); ++i) {
                line += format("|{}:", static_cast<int>(rows.column_type(i)));
                line += rows.column_type(i) == sqlite::Statement::ColumnType::real ? format("{:a}", rows.column_real(i)) : std::string(text_of(rows.column_view(i)));
                if (rows.column_type(i) == sqlite::Statement::ColumnType::integer) line += format("{}", rows.column_integer(i));
            }
            lines.push_back(line);
        }
        std::ranges::copy(words_of(connection, table), std::back_inserter(lines));
    }
    for (const auto& object : schema.objects) {
        if (object.name != "sqlite_sequence") lines.push_back("schema " + object.type + object.name + object.sql);  // SQLite drops it never
    }
    std::ranges::sort(lines);
    std::string all = must(connection.text("PRAGMA user_version"));
    for (const auto& line : lines) all += line + "\n";
    return all;
}

inline void expect_turns(const sqlite::Image& before, const sqlite::Image& after) {
    const std::string sql = script_of(before, after);
    auto copy = copy_of_image(before);
    const auto ran = copy.execute(sql);
    ASSERT_TRUE(ran.ok()) << ran.error().text() << "\n" << sql.substr(0, 3000);
    const auto made = image_of(copy);
    const auto left = must(compare(*made, after, {}));
    ASSERT_TRUE(left.is_equal()) << in_words(left) << sql.substr(0, 3000);
    ASSERT_EQ(everything(*made), everything(after));
    ASSERT_EQ(must(copy.text("PRAGMA integrity_check")), "ok");
    expect_sound_indexes(copy);
}

inline int seeds() {
    const char* more = std::getenv("HOLDFAST_TEST_SEEDS");
    return more ? std::atoi(more) : 120;
}

inline std::unique_ptr<sqlite::Image> made_by(const std::string& sql) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    must(connection.execute(sql));
    return image_of(connection);
}

}  // namespace holdfast::rows
