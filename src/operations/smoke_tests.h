// smoke_tests(): whether the application works, as the settings would have it shown: commands, and addresses that answer.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/hooks.h"

namespace holdfast::operations {

struct LoadedSettings;

struct SmokeTestResult {
    std::string test, error;
    bool passed = false;
    std::uint64_t attempts = 0;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("test", test, "Which: its place in the settings, and the command's first word or the address's host.");
        visit("passed", passed, "It passed, at the last attempt.");
        visit("attempts", attempts, "How often it was tried.");
        visit("duration_ms", duration_ms, "How long, in all.");
        visit("error", error, "Why the last attempt failed.");
    }
};
// Their names, as results have them.
std::vector<std::string> smoke_test_names(const LoadedSettings& loaded, const std::string& source);

// Each is tried until it passes, or its time is over. Who asks to stop ends them: those are not passed.
std::vector<SmokeTestResult> smoke_tests(Context& context, const LoadedSettings& loaded, const HookFacts& facts);

}  // namespace holdfast::operations
