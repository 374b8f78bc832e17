#include "holdfast/host/posix_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace holdfast::host {
namespace {

using ::testing::HasSubstr;

TEST(PosixError, TellsStepPathReasonAndAdvice) {
    const auto error = posix_error(ENOSPC, {"write", "/a/b"});
    EXPECT_EQ(error.code(), ErrorCode::full);
    EXPECT_EQ(error.message(), "write /a/b: no space left on the file system");
    EXPECT_THAT(error.advice(), HasSubstr("df -h"));
}

TEST(PosixError, EachReactionHasItsCode) {
    const auto code = [](int number) { return posix_error(number, {"open", "/a"}).code(); };
    EXPECT_EQ(code(ENOENT), ErrorCode::not_found);
    EXPECT_EQ(code(ENOTDIR), ErrorCode::not_found);
    EXPECT_EQ(code(EEXIST), ErrorCode::exists);
    EXPECT_EQ(code(EACCES), ErrorCode::denied);
    EXPECT_EQ(code(EROFS), ErrorCode::denied);
    EXPECT_EQ(code(EDQUOT), ErrorCode::full);
    EXPECT_EQ(code(EAGAIN), ErrorCode::busy);
    EXPECT_EQ(code(EIO), ErrorCode::unavailable);
    EXPECT_EQ(code(ENAMETOOLONG), ErrorCode::invalid);
}

TEST(PosixError, WhatTheTableDoesNotKnowIsUnavailableWithItsNumber) {
    const auto error = posix_error(EL2HLT, {"open", "/a"});
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_THAT(error.message(), HasSubstr("EL2HLT"));
}

TEST(PosixError, APathCannotSpoilTheTerminal) {
    EXPECT_THAT(posix_error(ENOENT, {"open", "/a\x1b[2J"}).message(), HasSubstr("\\x1b"));
}

}  // namespace
}  // namespace holdfast::host
