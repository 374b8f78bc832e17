// settings check: every value in effect, where it comes from, and everything that is wrong. settings reference: the page.
#pragma once

#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

struct CheckSettingsRequest {
    SettingsRequest settings;

    static OperationText operation() {
        return {.name = "settings check",
                .sentence = "Explain every value of the settings, and tell what is wrong in them.",
                .details = "Exit code 2: something is wrong; every fault is told with its line. A database that is not there is a warning.",
                .examples = {{"holdfast settings check", "of holdfast.toml, in this folder or above"},
                             {"holdfast settings check --environment production --json", "as it is in production, for a program"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        settings.describe(visit);
    }
};
struct SettingsFault {
    std::uint32_t line = 0, column = 0;
    std::string key, message, advice;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("line", line, "Where it stands; 0: nowhere.");
        visit("column", column, "The column.");
        visit("key", key, "The key.");
        visit("message", message, "What is wrong.");
        visit("advice", advice, "What to write instead.");
    }
};
struct CheckSettingsReport {
    std::string file, environment;
    bool good = true;
    std::vector<SettingsFault> faults;
    std::vector<std::string> warnings;
    std::vector<SettingValue> values;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("file", file, "The settings; empty: there are none, and the defaults hold.");
        visit("environment", environment, "The environment chosen.");
        visit("good", good, "Nothing is wrong.");
        visit("faults", faults, "What is wrong, by line.");
        visit("warnings", warnings, "What is no fault of the file, but should be known.");
        visit("values", values, "Every value in effect; where one is wrong, the default stands in its place.");
    }
};
Result<CheckSettingsReport> check_settings(Context& context, const CheckSettingsRequest& request);

struct SettingsReferenceRequest {
    static OperationText operation() {
        return {.name = "settings reference", .sentence = "Print the reference of all settings (Markdown).", .examples = {{"holdfast settings reference", ""}}};
    }
    template <class Visitor>
    void describe(Visitor&) {}
};
struct SettingsReferenceReport {
    std::string markdown;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("markdown", markdown, "The page.");
    }
};
Result<SettingsReferenceReport> reference_of_settings(Context& context, const SettingsReferenceRequest& request);

}  // namespace holdfast::operations
