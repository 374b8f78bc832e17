#include "holdfast/operations/list_settings.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

class Lister {
public:
    Lister(std::string prefix, const std::map<std::string, SettingOrigin>& origins, std::vector<SettingValue>& values)
        : prefix_(std::move(prefix)), origins_(origins), values_(values) {}

    void operator()(bool& value, const SettingText& text) { put(text, value ? "true" : "false"); }
    void operator()(std::uint64_t& value, const SettingText& text) { put(text, toml_value(value, text.form)); }
    void operator()(std::int64_t& value, const SettingText& text) { put(text, toml_text(duration_text(value))); }
    void operator()(std::optional<double>& value, const SettingText& text) {
        if (value) put(text, format("{}", *value));
    }
    void operator()(std::string& value, const SettingText& text) { put(text, toml_text(value)); }
    void operator()(std::vector<std::string>& value, const SettingText& text) { put(text, toml_list(value)); }
    void operator()(std::map<std::string, std::string>& value, const SettingText& text) {
        for (const auto& [key, item] : value) put(format("{}.{}", text.key, toml_key(key)), toml_text(item), text);
    }
    template <SettingsTable T>
    void operator()(T& value, const SettingText& text) {
        below(value, std::string(text.key));
    }
    template <SettingsTable T>
    void operator()(std::optional<T>& value, const SettingText& text) {
        if (value) below(*value, std::string(text.key));
    }
    template <SettingsTable T>
    void operator()(std::vector<T>& values, const SettingText& text) {
        for (std::size_t i = 0; i < values.size(); ++i) below(values[i], format("{}[{}]", text.key, i + 1));
    }
    template <SettingsTable T>
    void operator()(std::map<std::string, T>& values, const SettingText& text) {
        for (auto& [key, value] : values) below(value, format("{}.{}", text.key, toml_key(key)));
    }

private:
    template <SettingsTable T>
    void below(T& value, const std::string& key) {
        Lister lister(prefix_ + key + ".", origins_, values_);
        value.describe(lister);
    }
    void put(const SettingText& text, std::string value) { put(std::string(text.key), std::move(value), text); }
    void put(const std::string& key, std::string value, const SettingText& text) {
        SettingValue entry{.key = prefix_ + key, .value = std::move(value), .from = "default", .line = 0, .variables = {}, .sentence = std::string(text.sentence)};
        const auto at = origins_.find(entry.key);
        if (at != origins_.end()) {
            const auto& origin = at->second;
            entry.from = origin.is_overlaid ? "environment" : "file";
            entry.line = origin.line;
            entry.variables = origin.variables;
            if (!origin.written.empty()) entry.value = origin.written;
        }
        values_.push_back(std::move(entry));
    }

    std::string prefix_;
    const std::map<std::string, SettingOrigin>& origins_;
    std::vector<SettingValue>& values_;
};

}  // namespace

std::vector<SettingValue> list_settings(const Settings& settings, const std::map<std::string, SettingOrigin>& origins) {
    std::vector<SettingValue> values;
    Lister lister("", origins, values);
    Settings copy = settings;  // describe() hands out places to write to
    copy.describe(lister);
    return values;
}

}  // namespace holdfast::operations
