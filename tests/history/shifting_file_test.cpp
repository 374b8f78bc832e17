#include "holdfast/history/shifting_file.h"

#include <gtest/gtest.h>

#include "holdfast/base/limits.h"

namespace holdfast::history {
namespace {

TEST(ShiftingFiles, AreKnownByTheirNames) {
    for (const auto* name : {"app.log", "app.log.1", "app.log.2026.11", "A.JSON", "docs.index.meta.json", "ids.npz", "backup.tar.gz", "x.jsonl", ".hidden.csv", "t.parquet"}) {
        EXPECT_TRUE(shifts_by_name(name)) << name;
    }
    for (const auto* name : {"vectors.index", "hnsw.bin", "a.npy", "log", ".log", ".json", "app.db", "app.logs", "1", "", ".", "a.", "jpg", "photo.1"}) {
        EXPECT_FALSE(shifts_by_name(name)) << name;
    }
}

TEST(ShiftingFiles, AreKnownByWhatWasSeen) {
    const auto seen = [](std::uint64_t changed, std::uint64_t shifted) {
        repository::KeptContent kept;
        kept.content.size = 100 * limits::extent_size;
        kept.extents_changed = changed;
        kept.extents_shifted = shifted;
        return has_shifted(kept);
    };
    EXPECT_TRUE(seen(26, 26));
    EXPECT_TRUE(seen(100, 51));
    EXPECT_FALSE(seen(25, 25));   // a part of it
    EXPECT_FALSE(seen(100, 50));  // made anew
    EXPECT_FALSE(seen(100, 0));
    EXPECT_FALSE(seen(0, 0));
}

}  // namespace
}  // namespace holdfast::history
