// Databases compared in several threads: what one thread finds.

#include <gtest/gtest.h>

#include "holdfast/host/worker_pool.h"
#include "holdfast/rows/compare.h"
#include "support/random_database.h"

namespace holdfast::operations {
namespace {

using tests::must;

std::string counts_of(const rows::Comparison& comparison) {
    std::string text;
    for (const auto& table : comparison.tables) text += format("{} +{} -{} ~{} {} {}\n", table.name, table.added, table.removed, table.changed, table.moved, table.not_compared);
    return text;
}

TEST(CompareInThreads, FindsWhatOneThreadFinds) {
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

}  // namespace
}  // namespace holdfast::operations
