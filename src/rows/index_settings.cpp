#include "holdfast/rows/index_settings.h"

#include <set>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

// https://sqlite.org/fts5.html#special_insert_commands: every one that lasts, and what it is where nobody set it. What else
// may be among them, as the version, is SQLite's own.
const std::map<std::string, std::string>& known_settings() {
    static const std::map<std::string, std::string> known = {{"automerge", "4"}, {"crisismerge", "16"}, {"deletemerge", "10"}, {"hashsize", "1048576"}, {"insttoken", "0"},
                                                             {"pgsz", "4050"}, {"rank", "'bm25()'"}, {"secure-delete", "0"}, {"usermerge", "4"}};
    return known;
}

std::string value_of(const IndexSettings& settings, const std::string& name) {
    const auto set = settings.find(name);
    return set == settings.end() ? known_settings().at(name) : set->second;
}

}  // namespace

Result<IndexSettings> settings_of(sqlite::Connection& connection, const Table& index) {
    IndexSettings settings;
    if (index.module != "fts5") return settings;
    auto rows = TRY(connection.prepare(format("SELECT k, quote(v) FROM main.{}", sqlite::quoted_name(index.name + "_config"))));
    while (TRY(rows.step())) {
        const auto known = known_settings().find(rows.column_text(0));
        if (known != known_settings().end() && known->second != rows.column_text(1)) settings[known->first] = rows.column_text(1);
    }
    return settings;
}

std::vector<IndexSettingChange> compare_settings(const IndexSettings& before, const IndexSettings& after) {
    std::vector<IndexSettingChange> changes;
    std::set<std::string> names;
    for (const auto* settings : {&before, &after}) {
        for (const auto& [name, value] : *settings) names.insert(name);
    }
    for (const auto& name : names) {
        if (value_of(before, name) != value_of(after, name)) changes.push_back({.name = name, .before = value_of(before, name), .after = value_of(after, name)});
    }
    return changes;
}

std::string setting_sql(const std::string& index, const std::string& name, const std::string& value) {
    return format("INSERT INTO {0}({0}, rank) VALUES({1}, {2})", sqlite::quoted_name(index), quoted_text(name), value);
}

}  // namespace holdfast::rows
