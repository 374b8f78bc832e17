#include <gtest/gtest.h>

#include "holdfast/store/object_store.h"
#include "support/results.h"

namespace holdfast::store {
namespace {

using namespace tests;

TEST(ObjectName, IsPartsOfPlainLetters) {
    for (const auto* text : {"a", "config", "packs/3f/3fa9", "snapshots/43", "a.b_c-d/0", "temporary/x", "a/tmp"}) {
        EXPECT_EQ(must(ObjectName::parse(text)).text(), text);
    }
    EXPECT_THAT(ObjectName::parse(std::string(255, 'a')), Succeeds());
}

TEST(ObjectName, IsNothingElse) {
    for (const auto* text : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a/.b", "A", "a b", "a\\b",
                             "ü", "a:b", "a*", "tmp", "tmp/a"}) {
        EXPECT_THAT(ObjectName::parse(text), FailsWith(ErrorCode::invalid)) << text;
    }
    EXPECT_THAT(ObjectName::parse(std::string(256, 'a')), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(ObjectName::parse(std::string_view("a\0b", 3)), FailsWith(ErrorCode::invalid));
}

TEST(ObjectName, OfOurOwnCodeIsTrustedToBeOne) {
    EXPECT_EQ(ObjectName("packs/aa/b").text(), "packs/aa/b");
    EXPECT_DEATH(ObjectName("Packs"), "");
}

TEST(ObjectName, IsOrderedByItsText) {
    EXPECT_LT(ObjectName("a/b"), ObjectName("a/c"));
    EXPECT_EQ(ObjectName("a"), must(ObjectName::parse("a")));
}

}  // namespace
}  // namespace holdfast::store
