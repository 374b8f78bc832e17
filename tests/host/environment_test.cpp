#include "holdfast/host/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace holdfast::host {
namespace {

// Sets a variable (or removes it) until the end of the scope.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name), before_(environment(name)) { set(value); }
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }

private:
    void set(const char* value) {
        if (value) ::setenv(name_, value, 1);
        else ::unsetenv(name_);
    }
    const char* name_;
    std::optional<std::string> before_;
};

TEST(Environment, TellsMissingFromEmpty) {
    const Variable empty("HOLDFAST_TEST_EMPTY", ""), missing("HOLDFAST_TEST_MISSING", nullptr);
    EXPECT_EQ(environment("HOLDFAST_TEST_EMPTY"), "");
    EXPECT_EQ(environment("HOLDFAST_TEST_MISSING"), std::nullopt);
}

TEST(CacheFolder, IsWhereTheUserSays) {
    const Variable home("HOME", "/home/ada");
    {
        const Variable cache("XDG_CACHE_HOME", "/fast");
        EXPECT_EQ(cache_folder(), "/fast/holdfast");
    }
    {
        const Variable cache("XDG_CACHE_HOME", "relative");
        EXPECT_EQ(cache_folder(), "/home/ada/.cache/holdfast");
    }
    const Variable cache("XDG_CACHE_HOME", nullptr);
    EXPECT_EQ(cache_folder(), "/home/ada/.cache/holdfast");
}

TEST(CacheFolder, IsAbsoluteWithoutAnyVariable) {
    const Variable home("HOME", nullptr), cache("XDG_CACHE_HOME", nullptr);
    EXPECT_EQ(cache_folder().front(), '/');
}

TEST(StateFolder, IsWhereTheUserSays) {
    const Variable home("HOME", "/home/ada");
    {
        const Variable state("XDG_STATE_HOME", "/kept");
        EXPECT_EQ(state_folder(), "/kept/holdfast");
    }
    {
        const Variable state("XDG_STATE_HOME", "relative");
        EXPECT_EQ(state_folder(), "/home/ada/.local/state/holdfast");
    }
    const Variable state("XDG_STATE_HOME", nullptr);
    EXPECT_EQ(state_folder(), "/home/ada/.local/state/holdfast");
}

TEST(Names, AreThere) {
    EXPECT_FALSE(host_name().empty());
    EXPECT_FALSE(user_name().empty());
    char folder[4096];
    EXPECT_EQ(working_folder(), ::getcwd(folder, sizeof folder));
}

}  // namespace
}  // namespace holdfast::host
