// What other people's programs make and say: the oracles of tests about files that come from elsewhere.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace holdfast::tests {

// Runs it with /bin/sh; the test fails when it does not end with 0. What it printed.
inline std::string shell(const std::string& command) {
    std::string printed;
    std::FILE* const pipe = ::popen(("set -e; " + command).c_str(), "r");
    if (pipe == nullptr) std::abort();
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) printed.append(buffer, got);
    EXPECT_EQ(::pclose(pipe), 0) << command;
    return printed;
}

}  // namespace holdfast::tests
