#include "holdfast/host/host.h"

#include <gtest/gtest.h>

namespace holdfast::host {
namespace {

TEST(RealHost, IsTheMachineItself) {
    const auto host = real_host();
    EXPECT_EQ(&host.files, &posix_file_system());
    EXPECT_EQ(&host.clock, &system_clock());
    EXPECT_EQ(&host.random, &system_random());
    EXPECT_EQ(&host.log, &standard_error_log(LogLevel::warning));
}

}  // namespace
}  // namespace holdfast::host
