#include "holdfast/sqlite/count_rows.h"

#include <functional>
#include <map>

#include "support/images.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// Goes on by what a test wants, each time it is asked.
class SteppingClock final : public host::Clock {
public:
    Timestamp now() override { return {}; }
    std::int64_t monotonic_ns() override { return now_ns += step_ns; }
    void sleep_ms(std::int64_t) override {}
    std::int64_t now_ns = 0, step_ns = 0;
};

// Counts the pages read; at one of them something happens.
class WatchedImage final : public Image {
public:
    explicit WatchedImage(Bytes bytes) : image_(image_of(bytes)) {}
    PageSize page_size() const override { return image_->page_size(); }
    PageNumber last_page() const override { return image_->last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        ++pages_read;
        if (range.first.value == damaged_page) return fail(ErrorCode::corrupt, "page {} is damaged", damaged_page);
        if (at_page && pages_read == stop_after) at_page();
        return image_->read(range, into);
    }
    mutable std::uint64_t pages_read = 0;
    std::uint64_t stop_after = 0;
    std::uint32_t damaged_page = 0;
    std::function<void()> at_page;

private:
    std::unique_ptr<Image> image_;
};

class CountRows : public ::testing::Test {
protected:
    std::map<std::string, std::int64_t> counted(const Image& image) {
        std::map<std::string, std::int64_t> found;
        for (const auto& table : must(count_rows(image, {.clock = clock}))) found[table.table] = table.rows ? static_cast<std::int64_t>(*table.rows) : -1;
        return found;
    }
    SteppingClock clock;
};

constexpr const char* numbers_to_5000 = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) ";

TEST_F(CountRows, OfOrdinaryTablesOnly) {
    const auto image = image_of(database_bytes(
        "CREATE TABLE a(x); INSERT INTO a VALUES (1), (2), (NULL); CREATE TABLE empty(x); CREATE VIEW v AS SELECT * FROM a;"
        "CREATE TABLE keyed(k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO keyed VALUES ('a'), ('b');"
        "CREATE TABLE \"odd \"\" name; --\"(x); INSERT INTO \"odd \"\" name; --\" VALUES (1);"
        "CREATE TABLE sqliteish(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO sqliteish DEFAULT VALUES;"
        "CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('one'), ('two'); ANALYZE;"));
    EXPECT_THAT(counted(*image), ElementsAre(Pair("a", 3), Pair("empty", 0), Pair("keyed", 2), Pair("odd \" name; --", 1), Pair("sqliteish", 1)));
}

TEST_F(CountRows, ReadsTheSmallestIndexAndNotTheRows) {
    const WatchedImage image(database_bytes(std::string("CREATE TABLE t(small INTEGER, large TEXT); CREATE INDEX i ON t(small);") +
                                            "INSERT INTO t " + numbers_to_5000 + "SELECT i, hex(randomblob(200)) FROM n;"));
    EXPECT_THAT(counted(image), ElementsAre(Pair("t", 5000)));
    EXPECT_LT(image.pages_read * 10, image.last_page().value);
}

TEST_F(CountRows, OfAnEmptyDatabaseNothing) {
    EXPECT_THAT(counted(*image_of({})), IsEmpty());
    EXPECT_THAT(counted(*image_of(database_bytes("CREATE TABLE t(x); DROP TABLE t;"))), IsEmpty());
}

std::string three_tables() {
    std::string sql;
    for (const char* name : {"a", "b", "c"}) sql += format("CREATE TABLE {0}(x); INSERT INTO {0} {1} SELECT hex(randomblob(100)) FROM n;", name, numbers_to_5000);
    return sql;
}

TEST_F(CountRows, TablesLeftWhenTheTimeIsOverAreTold) {
    const WatchedImage image(database_bytes(three_tables()));
    clock.step_ns = 1'000'000;  // a millisecond a page
    const auto tables = must(count_rows(image, {.clock = clock, .time_ms_max = image.last_page().value / 2}));
    ASSERT_EQ(tables.size(), 3u);
    EXPECT_EQ(tables[0].rows, 5000u);
    for (const std::size_t at : {std::size_t{1}, std::size_t{2}}) {
        EXPECT_FALSE(tables[at].rows);
        EXPECT_THAT(tables[at].why_not, HasSubstr("time for counting was over"));
    }
    EXPECT_LT(image.pages_read, image.last_page().value * 2 / 3);
}

TEST_F(CountRows, StopsInTheMiddleOfATable) {
    WatchedImage image(database_bytes(three_tables()));
    std::stop_source source;
    image.stop_after = 20;
    image.at_page = [&] { source.request_stop(); };
    EXPECT_THAT(count_rows(image, {.clock = clock}, {.stop = source.get_token()}), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(image.pages_read, 20u);
}

TEST_F(CountRows, ATableThatCannotBeReadIsToldAndTheOthersCounted) {
    const Bytes bytes = database_bytes(three_tables());
    WatchedImage image(bytes);
    image.damaged_page = image.last_page().value;  // a leaf of c
    const auto tables = must(count_rows(image, {.clock = clock}));
    ASSERT_EQ(tables.size(), 3u);
    EXPECT_EQ(tables[0].rows, 5000u);
    EXPECT_EQ(tables[1].rows, 5000u);
    EXPECT_FALSE(tables[2].rows);
    EXPECT_FALSE(tables[2].why_not.empty());
}

}  // namespace
}  // namespace holdfast::sqlite
