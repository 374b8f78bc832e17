#include "holdfast/base/nearest.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Nearest, FindsWhatWasMeantAndNothingFarOff) {
    const std::vector<std::string> names = {"backup", "restore", "recall", "prune"};
    EXPECT_EQ(nearest("bakcup", names), "backup");
    EXPECT_EQ(nearest("rest", names), "restore");
    EXPECT_EQ(nearest("xyzzy", names), "");
    EXPECT_EQ(nearest("lsit", {"init", "list"}), "list") << "two letters exchanged";
}

}  // namespace
}  // namespace holdfast
