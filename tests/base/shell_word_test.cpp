#include "holdfast/base/shell_word.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace holdfast {
namespace {

TEST(ShellWord, IsReadByEveryShell) {
    EXPECT_EQ(shell_word("/a b/ü.db"), "'/a b/ü.db'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word(""), "''");
}

// The oracle is bash itself.
TEST(ShellWord, BashReadsBackWhatWasGiven) {
    for (const std::string text : {"plain", "it's", "a\\b", "$(touch x) `y` \"z\" *", "new\nline", "tab\tand 'quote' and \\n", "\xff\xfe.db", "\x01""1"}) {
        const std::string script = "printf %s " + shell_word(text);
        const std::string command = "bash -c \"$HOLDFAST_TEST_SCRIPT\"";
        ASSERT_EQ(::setenv("HOLDFAST_TEST_SCRIPT", script.c_str(), 1), 0);
        FILE* pipe = ::popen(command.c_str(), "r");
        ASSERT_NE(pipe, nullptr);
        std::string got;
        std::array<char, 256> buffer{};
        for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) got.append(buffer.data(), n);
        EXPECT_EQ(::pclose(pipe), 0);
        EXPECT_EQ(got, text) << script;
    }
}

}  // namespace
}  // namespace holdfast
