// Looking at Result<T> in tests: Succeeds(), FailsWith(code) and must().
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "holdfast/base/error.h"

namespace holdfast::tests {

MATCHER(Succeeds, "succeeds") {
    if (!arg.ok()) *result_listener << "it failed: " << name_of(arg.error().code()) << ": " << arg.error().text();
    return arg.ok();
}

MATCHER_P(FailsWith, code, "fails with " + std::string(name_of(code))) {
    if (arg.ok()) {
        *result_listener << "it succeeded";
        return false;
    }
    *result_listener << name_of(arg.error().code()) << ": " << arg.error().text();
    return arg.error().code() == code;
}

// The value of a step that the test builds on and does not examine: the test program ends where it fails.
template <typename T>
T must(Result<T> result) {
    if (!result.ok()) {
        std::cerr << "a step that had to succeed failed: " << result.error().text() << std::endl;
        std::abort();
    }
    return std::move(result).value();
}

}  // namespace holdfast::tests
