#include "holdfast/rows/count_by_page.h"

#include <gtest/gtest.h>

#include <atomic>

#include "support/database_files.h"
#include "support/results.h"

namespace holdfast::rows {
namespace {

using tests::must;

// An image that counts how often its pages are read.
class CountingImage final : public sqlite::Image {
public:
    explicit CountingImage(const std::string& sql) {
        auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
        must(connection.execute(sql));
        image_ = sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), tests::serialized(connection));
    }
    sqlite::PageSize page_size() const override { return image_->page_size(); }
    sqlite::PageNumber last_page() const override { return image_->last_page(); }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        pages_read += range.count;
        return image_->read(range, into);
    }
    mutable std::atomic<std::uint64_t> pages_read = 0;

private:
    std::unique_ptr<sqlite::Image> image_;
};

class NoSink final : public ChangeSink {
    Result<void> row(const ComparedTable&, const RowChange&) override { return {}; }
};

TableDifference only_difference(DatabasePair& pair, ChangeSink* sink) {
    auto found = must(pair.compare({.sink = sink}));
    EXPECT_EQ(found.tables.size(), 1u);
    auto difference = std::move(found.tables.at(0));
    EXPECT_EQ(difference.not_compared, "");
    return difference;
}

// What is counted page by page is what the rows' own order tells, which SQLite's answers prove (compare_test.cpp).
void expect_counted_alike(const std::string& before, const std::string& after) {
    const CountingImage one(before), other(after);
    auto counting = must(DatabasePair::open(one, other)), in_order = must(DatabasePair::open(one, other));
    NoSink sink;
    const auto counted = only_difference(counting, nullptr), told = only_difference(in_order, &sink);
    EXPECT_EQ(counted.added, told.added);
    EXPECT_EQ(counted.removed, told.removed);
    EXPECT_EQ(counted.changed, told.changed);
    EXPECT_EQ(counted.moved, told.moved);
}

std::string rows_up_to(int count, const std::string& values) {
    return format("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {}) INSERT INTO t SELECT {} FROM c;", count, values);
}
const std::string many = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + rows_up_to(20'000, "i, i % 7, 'a text of some length ' || i");

TEST(CountByPage, APageIsReadOnce) {
    const CountingImage before(many), after(many + "UPDATE t SET b = b || '.' WHERE id % 2 = 0; DELETE FROM t WHERE id % 100 = 1; INSERT INTO t(a) VALUES (1)");
    auto pair = must(DatabasePair::open(before, after));
    before.pages_read = after.pages_read = 0;
    const auto found = only_difference(pair, nullptr);
    EXPECT_EQ(found.changed, 10'000u);
    EXPECT_EQ(found.removed, 200u);
    EXPECT_EQ(found.added, 1u);
    const auto inner_pages = [](const CountingImage& image) { return image.last_page().value / 20 + 10; };
    EXPECT_LE(before.pages_read, before.last_page().value + inner_pages(before));
    EXPECT_LE(after.pages_read, after.last_page().value + inner_pages(after));
}

TEST(CountByPage, CountsAreThoseOfTheRowsInTheirOrder) {
    for (const std::string edit : {"UPDATE t SET b = b || 'longer than it was, so that it moves on' WHERE id % 3 = 0", "UPDATE t SET id = id + 100000 WHERE id < 5000",
                                   "CREATE TABLE before_it(x); DROP TABLE before_it; DELETE FROM t WHERE id % 2 = 0; VACUUM", "ALTER TABLE t ADD COLUMN c DEFAULT 5; UPDATE t SET a = 8 WHERE id % 5 = 0",
                                   "UPDATE t SET b = zeroblob(9000) WHERE id % 1000 = 0", "DELETE FROM t"}) {
        SCOPED_TRACE(edit);
        expect_counted_alike(many, many + edit);
        expect_counted_alike(many + edit, many);
    }
}

TEST(CountByPage, RowsWithAKeyOfTheirOwnArePairedByIt) {
    const std::string keyed = "CREATE TABLE t(k TEXT PRIMARY KEY, v);" + rows_up_to(20'000, "'key ' || i, i % 9");
    for (const std::string edit : {"INSERT OR REPLACE INTO t SELECT k, v + 1 FROM t WHERE rowid % 4 = 0", "INSERT OR REPLACE INTO t SELECT k, v FROM t WHERE rowid < 300",
                                   "UPDATE t SET k = 'other ' || k WHERE rowid % 50 = 0", "UPDATE t SET v = zeroblob(6000), k = k || 'x' WHERE rowid % 3000 = 0; UPDATE t SET v = zeroblob(6000) WHERE rowid % 700 = 0"}) {
        SCOPED_TRACE(edit);
        expect_counted_alike(keyed, keyed + edit);
        expect_counted_alike(keyed + "UPDATE t SET v = zeroblob(5000) WHERE rowid % 200 = 0;", keyed + "UPDATE t SET v = zeroblob(5000) WHERE rowid % 200 = 0;" + edit);
    }
}

TEST(CountByPage, LongRowsChangeInTheirOverflowPagesAlone) {
    const std::string rows = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);" + rows_up_to(200, "i, 1, zeroblob(30000)");
    for (const std::string edit : {"UPDATE t SET b = CAST(substr(b, 1, 29999) || 'Z' AS BLOB) WHERE id = 77", "UPDATE t SET b = CAST(substr(b, 1, 29999) || 'Z' AS BLOB), a = 2 WHERE id % 2 = 0; UPDATE t SET a = 3 WHERE id = 9",
                                   "UPDATE t SET b = CAST(substr(b, 1, 29999) || 'Z' AS BLOB) WHERE id = 77; UPDATE t SET a = 2 WHERE id IN (76, 78)"}) {
        SCOPED_TRACE(edit);
        expect_counted_alike(rows, rows + edit);
    }
}

// SQLite stores a number in as few bytes as it takes; other writers need not.
TEST(CountByPage, ANumberStoredInMoreBytesIsTheSameNumber) {
    const auto bytes_of = [](const std::string& sql) {
        auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
        must(connection.execute(sql));
        return tests::serialized(connection);
    };
    const auto image_of = [](const Bytes& bytes) { return sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), bytes); };
    const Bytes narrow = bytes_of("CREATE TABLE t(a); INSERT INTO t VALUES (5)");
    Bytes wide = bytes_of("CREATE TABLE t(a); INSERT INTO t VALUES (x'0005')");
    constexpr std::byte two_byte_blob{16}, two_byte_integer{2};
    const auto record = wide.end() - 4;  // the header's size, the type, the value
    ASSERT_EQ(record[1], two_byte_blob);
    record[1] = two_byte_integer;
    EXPECT_TRUE(must(compare(*image_of(narrow), *image_of(wide), {})).is_equal());
    record[3] = std::byte{6};
    EXPECT_EQ(must(compare(*image_of(narrow), *image_of(wide), {})).tables.at(0).changed, 1u);
}

// Each row stands on another page than before, and there are more of them than are remembered.
TEST(CountByPage, MoreRowsThanItRemembersAreLeftToTheirOrder) {
    const std::string table = "CREATE TABLE t(id INTEGER PRIMARY KEY, a);", rows = rows_up_to(410'000, "i, 1");
    const std::string before_it = "CREATE TABLE before_it(x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000) INSERT INTO before_it SELECT zeroblob(3900) FROM c;";
    const CountingImage before(table + rows), after(before_it + table + rows + "UPDATE t SET a = 2 WHERE id = 400000");
    auto pair = must(DatabasePair::open(before, after));
    const auto found = must(pair.compare({.tables = {"t"}}));
    EXPECT_EQ(found.tables.at(0).changed, 1u);
    EXPECT_EQ(found.tables.at(0).added + found.tables.at(0).removed, 0u);
    EXPECT_GT(before.pages_read, before.last_page().value * 3 / 2) << "they are read once more";
}

}  // namespace
}  // namespace holdfast::rows
