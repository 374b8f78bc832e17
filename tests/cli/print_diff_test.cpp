// How differences are told to people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

using ::testing::HasSubstr;

std::string told(std::uint64_t before, std::uint64_t after, std::vector<std::string> what = {"content"}) {
    operations::FilesDifference files;
    files.changed = 1;
    files.files.push_back({.change = "changed", .path = "faiss/1.index", .from = {}, .kind = "file", .size_before = before, .size_after = after, .what = std::move(what)});
    return difference_in_words(files, {});
}

TEST(FilesInWords, SizesAreToldWhereTheyTellSomething) {
    EXPECT_THAT(told(2, 3), HasSubstr("faiss/1.index  2 B → 3 B\n"));
    EXPECT_THAT(told(2, 2), HasSubstr("faiss/1.index  other content, 2 B as before\n"));
    EXPECT_THAT(told(2, 2, {"content", "time"}), HasSubstr("other content, 2 B as before  (and time)\n"));
    EXPECT_THAT(told(10'000'000, 10'000'005), HasSubstr("other content, 5 B more\n"));
    EXPECT_THAT(told(10'000'005, 10'000'000), HasSubstr("other content, 5 B less\n"));
    EXPECT_THAT(told(2, 2, {"mode"}), HasSubstr("faiss/1.index  (only mode)\n"));
}

}  // namespace
}  // namespace holdfast::cli
