#include "holdfast/host/log.h"

#include <gtest/gtest.h>

namespace holdfast::host {
namespace {

TEST(StandardErrorLog, WritesOneLineFromItsLevelOn) {
    ::testing::internal::CaptureStderr();
    auto& log = standard_error_log(LogLevel::warning);
    log.info("not {}", "seen");
    log.warning("{} of {}", 1, 2);
    log.write(LogLevel::error, "two\nlines");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "holdfast: warning: 1 of 2\nholdfast: error: two\\x0alines\n");
}

TEST(SilentLog, WritesNothing) {
    ::testing::internal::CaptureStderr();
    silent_log().write(LogLevel::error, "lost");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace holdfast::host
