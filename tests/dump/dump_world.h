// Dumps of databases, and what SQLite makes of them.
#pragma once

#include "holdfast/dump/sql_dump.h"
#include "rows/script_world.h"

namespace holdfast::dump {

using rows::copy_of_image;
using rows::everything;
using rows::image_of;
using rows::made_by;
using rows::seeds;
using tests::must;

struct TextInMemory final : DumpSink {
    Result<void> write(std::string_view piece) override {
        text += piece;
        return {};
    }
    Result<Hash> hash() override { return sha256(bytes_of(text)); }
    std::string text;
};
struct Dumped {
    std::string text;
    DumpReport report;
};
inline Result<Dumped> try_to_dump(const sqlite::Image& image, const SqlDumpRequest& request = {}) {
    auto database = TRY(rows::StoredDatabase::open(image));
    TextInMemory sink;
    auto report = TRY(write_sql_dump(database, request, sink));
    return Dumped{std::move(sink.text), std::move(report)};
}
inline std::string dump_of(const sqlite::Image& image, const SqlDumpRequest& request = {}) { return must(try_to_dump(image, request)).text; }

// What SQLite's library makes of it, without any help of ours. The encoding counts, so it is a database of its own.
inline sqlite::Connection loaded(const std::string& dump) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    const auto ran = connection.execute(dump);
    EXPECT_TRUE(ran.ok()) << ran.error().text() << "\n" << dump.substr(0, 3000);
    return connection;
}

}  // namespace holdfast::dump
