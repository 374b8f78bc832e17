// The settings in effect, loaded once by each operation that wants them, with where each value came from.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/settings.h"
#include "holdfast/operations/toml_tree.h"

namespace holdfast::operations {

// One value in effect. Never a secret: what came out of a variable is shown as it is written, but for paths.
struct SettingValue {
    std::string key, value, from;          // from: "default", "file", "environment"
    std::uint32_t line = 0;
    std::vector<std::string> variables;    // environment variables that it names
    std::string sentence;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("key", key, "The key.");
        visit("value", value, "Its value, as it would stand in the file.");
        visit("from", from, "default, file, or environment: the table of the environment chosen.");
        visit("line", line, "Where it stands in the file; 0: nowhere.");
        visit("variables", variables, "Environment variables that it names.");
        visit("sentence", sentence, "What it means.");
    }
};

struct LoadedSettings {
    Settings settings;
    std::string file;         // empty: there is none, and the settings are the defaults
    std::string folder;       // of the file: commands run there
    std::string environment;  // chosen; empty: none
    std::vector<SettingValue> values;

    bool is_there() const { return !file.empty(); }
    const SourceSettings* source(const std::string& name) const;  // none: null
};

// `denied`: a file that others could write; `not_found`: the one that is named; `invalid`: everything that is wrong in it,
// one line each, or an environment that does not exist.
Result<LoadedSettings> load_settings(Context& context, const SettingsRequest& request);

// The command as it runs in the settings' folder, wherever the program was started.
std::string beside_settings(const LoadedSettings& loaded, const std::string& command);

// load_settings() with what is wrong in the file as values.
struct ReadSettings {
    LoadedSettings loaded;
    std::vector<SettingsProblem> problems;  // by line
};
Result<ReadSettings> read_settings(Context& context, const SettingsRequest& request);

// The part without files: a text that lies in `file`. For fuzzing too: never more than problems.
struct SettingsText {
    std::string_view text;
    std::string file;
    std::string environment;  // empty: none
};
ReadSettings read_settings_text(host::FileSystem& files, const SettingsText& text);

}  // namespace holdfast::operations
