#include "holdfast/operations/compare_images.h"

#include <gtest/gtest.h>

#include "holdfast/host/worker_pool.h"
#include "support/random_database.h"

namespace holdfast::operations {
namespace {

using tests::must;

std::string counts_of(const rows::Comparison& comparison) {
    std::string text;
    for (const auto& table : comparison.tables) text += format("{} +{} -{} ~{} {} {}\n", table.name, table.added, table.removed, table.changed, table.moved, table.not_compared);
    return text;
}

TEST(CompareImages, ThreadsFindWhatOneThreadFinds) {
    class NoSink final : public rows::ChangeSink {
        Result<void> row(const rows::ComparedTable&, const rows::RowChange&) override { return {}; }
    } in_their_order;
    host::WorkerPool pool({.threads = 3});
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(format("seed {}", seed));
        tests::RandomDatabase database(seed);
        const auto before = database.image();
        database.edit();
        const auto after = database.image();
        const auto should = counts_of(must(rows::compare(*before, *after, {.sink = &in_their_order})));
        ASSERT_EQ(counts_of(must(must(rows::DatabasePair::open(*before, *after, &pool)).compare({}))), should);
    }
}

// Rows that go are shown by the last of them: all, or none where the time was over. What was counted before stays true.
TEST(CompareImages, WhenTheTimeIsOverNothingIsToldThatIsNot) {
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    const auto image = [&] { return sqlite::memory_image(must(sqlite::PageSize::from_bytes(4096)), tests::serialized(connection)); };
    must(connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) INSERT INTO t SELECT i, 'row ' || i FROM c"));
    const auto before = image();
    must(connection.execute("DELETE FROM t WHERE id % 2 = 0"));
    const auto after = image();
    int with_rows = 0, without_rows = 0, not_compared = 0;
    for (int questions = 0; with_rows == 0; ++questions) {
        ASSERT_LT(questions, 200) << "it must end";
        int left = questions;
        auto pair = must(rows::DatabasePair::open(*before, *after));
        const auto found = must(compare_images(pair, {.rows = {.most = 2, .which = RowsToTell::Which::last_removed}, .is_over = [&left] { return left-- <= 0; }}, {}));
        ASSERT_EQ(found.tables.size(), 1u);
        const auto& table = found.tables[0];
        if (!table.not_compared.empty()) {
            ++not_compared;
            continue;
        }
        EXPECT_EQ(table.removed, 10'000u);
        ++(table.rows.empty() ? without_rows : with_rows);
        if (table.rows.empty()) continue;
        ASSERT_EQ(table.rows.size(), 2u);
        EXPECT_EQ(std::get<std::int64_t>(table.rows[0].before[0].value), 19'998);
        EXPECT_EQ(std::get<std::int64_t>(table.rows[1].before[0].value), 20'000);
    }
    EXPECT_GT(not_compared, 0);
    EXPECT_GT(without_rows, 1);
}

}  // namespace
}  // namespace holdfast::operations
