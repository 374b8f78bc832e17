// Settings described once: each struct of settings.h names its keys here, with their form, sentence and example; the
// reader, its suggestions, `settings check`, the file that init writes and the reference page are made from that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::operations {

// What a text in the file means, beyond its type, and how it comes out.
enum class Form {
    plain,      // as it stands
    path,       // absolute: relative to the file's folder; "~" is the home folder
    database,   // as path; "file:" URLs are understood
    command,    // a line for /bin/sh, run in the file's folder
    secret_command,  // one whose output is a secret
    query,      // SQL that only reads, and answers
    query_of_name,  // the same, in which :name may stand for the name that a pattern's star is
    condition,  // SQL that stands behind WHERE
    duration,   // "24h" as seconds
    span,       // "1y6mo" on the calendar: stays a text, which history::parse_span() reads
    size,       // "5GiB" as bytes
};

// One key. What the struct holds before anything is read is the default; `otherwise` says in words what an empty default
// means. `example` is written as in the file; that of a table of named tables is such a name.
struct SettingText {
    std::string_view key;
    std::string_view sentence;
    std::string_view example = "";
    Form form = Form::plain;
    std::vector<std::string_view> choices = {};
    std::string_view otherwise = "";
};

// A struct of settings has `template <class Visitor> void describe(Visitor&)`, which calls visitor(field, SettingText) for
// each key. Field types: bool, std::string, std::uint64_t (a count, or bytes), std::int64_t (seconds), double,
// std::optional<double>, std::vector<std::string>, std::map<std::string, std::string>, and tables: structs of settings,
// std::optional, std::vector ([[…]]) and std::map ([….NAME]) of them.
struct ProbeSettings {
    void operator()(auto&, const SettingText&) {}
};
template <typename T>
concept SettingsTable = requires(T& table, ProbeSettings& probe) { table.describe(probe); };

// A table that, where it is given, replaces the default one as a whole: a rule of which only a part is given must not
// keep the rest of another.
template <typename T>
concept WholeTable = SettingsTable<T> && requires { T::is_given_as_a_whole; };

}  // namespace holdfast::operations
