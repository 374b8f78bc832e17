#include "holdfast/live/script_changes.h"

#include <algorithm>
#include <array>

namespace holdfast::live {
namespace {

constexpr std::array<const char*, 7> property_names{"user_version", "application_id", "journal_mode", "encoding", "page_size", "auto_vacuum", "page_count"};

// Until the first page is written they are what a connection wishes for.
bool is_wish_of_an_empty_one(const std::string& name) { return name == "encoding" || name == "page_size" || name == "auto_vacuum"; }

// DELETE, TRUNCATE and PERSIST are a connection's; of them the file says nothing.
std::string as_the_file_says(const std::string& name, const std::string& value) {
    if (name == "journal_mode") return value == "wal" ? "wal" : "rollback";
    if (name != "auto_vacuum") return value;
    return value == "0" ? "none" : value == "1" ? "full" : "incremental";
}

// Triggers have a name space of their own.
std::string key_of(const std::string& type, const std::string& name) { return type == "trigger" ? '\0' + name : name; }

}  // namespace

Result<Properties> properties_of(sqlite::Connection& connection) {
    Properties properties;
    for (const std::string name : property_names) {
        auto statement = TRY(connection.prepare("PRAGMA main." + name));
        if (TRY(statement.step())) properties[name] = as_the_file_says(name, statement.column_text(0));
    }
    if (properties["page_count"] == "0") std::erase_if(properties, [](const auto& one) { return is_wish_of_an_empty_one(one.first); });
    return properties;
}

std::vector<PropertyChange> differences(const Properties& before, const Properties& after) {
    std::vector<PropertyChange> changes;
    const auto value = [](const Properties& properties, const std::string& name) {
        const auto at = properties.find(name);
        return at == properties.end() ? std::string() : at->second;
    };
    for (const std::string name : property_names) {
        const std::string old = value(before, name), now = value(after, name);
        if (old.empty() || now.empty() || old == now) continue;
        const bool is_less = name != "page_count" || (std::stoull(now) < std::stoull(old) && value(before, "page_size") == value(after, "page_size"));
        if (is_less) changes.push_back({name, old, now});
    }
    return changes;
}

Result<ScriptChanges> ScriptChanges::begin(sqlite::Connection& connection) {
    ScriptChanges changes(connection);
    changes.before_ = TRY(changes.schema());
    changes.properties_ = TRY(live::properties_of(connection));
    return changes;
}

Result<ScriptChanges::Schema> ScriptChanges::schema() const {
    auto statement = TRY(connection_->prepare("SELECT rowid, type, name, sql FROM main.sqlite_schema WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"));
    Schema schema;
    while (TRY(statement.step())) {
        Object object{statement.column_integer(0), statement.column_text(1), statement.column_text(2), statement.column_text(3)};
        schema.emplace(key_of(object.type, object.name), std::move(object));
    }
    return schema;
}

Result<void> ScriptChanges::before(const JudgedStatement& judged) {
    if (judged.alters) before_statement_ = TRY(schema());
    for (const auto& table : judged.dropped) {
        const auto at = first_names_.find(table);
        const std::string& first = at == first_names_.end() ? table : at->second;
        if (name_now(first) != table || before_.at(first).type != "table") continue;
        dropped_rows_[first] = static_cast<std::uint64_t>(connection_->integer("SELECT count(*) FROM main." + sqlite::quoted_name(table)).value_or(0));
    }
    return {};
}

Result<void> ScriptChanges::after(const JudgedStatement& judged) {
    if (!judged.dropped.empty()) TRY(note_dropped());
    if (!judged.alters) return {};
    const Schema now = TRY(schema());
    std::map<std::int64_t, std::string> names;
    for (const auto& [name, object] : now) names[object.row] = name;
    std::vector<std::pair<std::string, std::string>> renamed;
    for (const auto& [name, object] : before_statement_) {
        const auto at = names.find(object.row);
        if (at != names.end() && at->second != name) renamed.emplace_back(name, at->second);
    }
    for (const auto& [old_name, new_name] : renamed) note_renamed(old_name, new_name, now);
    return {};
}

// Nothing but the name has changed if the SQL was still the first one: it is compared with the renamed one then.
void ScriptChanges::note_renamed(const std::string& old_name, const std::string& new_name, const Schema& now) {
    auto moved = first_names_.extract(old_name);
    const std::string first = moved.empty() ? old_name : moved.mapped();
    if (moved.empty() && name_now(first) != first) return;  // the script has made it itself
    auto& object = before_.at(first);
    if (object.sql == before_statement_.at(old_name).sql) object.sql = now.at(new_name).sql;
    first_names_[new_name] = first;
    given_up_.insert(first);
}

// The tables of a virtual one go with it.
Result<void> ScriptChanges::note_dropped() {
    const Schema now = TRY(schema());
    std::erase_if(first_names_, [&](const auto& one) { return !now.contains(one.first); });
    for (const auto& [name, object] : before_) {
        if (!now.contains(name)) given_up_.insert(name);
    }
    return {};
}

std::optional<std::string> ScriptChanges::name_now(const std::string& name) const {
    const auto at = std::ranges::find(first_names_, name, [](const auto& one) { return one.second; });
    if (at != first_names_.end()) return at->first;
    return before_.contains(name) && !given_up_.contains(name) ? std::optional(name) : std::nullopt;
}

Result<std::vector<SchemaChange>> ScriptChanges::of_schema() const {
    const Schema now = TRY(schema());
    std::vector<SchemaChange> changes;
    std::set<std::string> known;
    for (const auto& [name, object] : before_) {
        auto current = name_now(name);
        // A view, index or trigger holds nothing that could be lost: made again, it is the same.
        if (!current && object.type != "table" && !first_names_.contains(name)) current = name;
        const auto at = current ? now.find(*current) : now.end();
        if (at == now.end()) {
            const auto rows = dropped_rows_.find(name);
            changes.push_back({.what = "dropped", .type = object.type, .name = object.name, .rows = rows == dropped_rows_.end() ? 0 : rows->second, .new_name = {}});
            continue;
        }
        known.insert(*current);
        if (*current != name) changes.push_back({.what = "renamed", .type = object.type, .name = name, .new_name = *current});
        if (at->second.sql != object.sql || at->second.type != object.type) {
            changes.push_back({.what = "changed", .type = at->second.type, .name = at->second.name, .new_name = {}});
        }
    }
    for (const auto& [name, object] : now) {
        if (!known.contains(name)) changes.push_back({.what = "created", .type = object.type, .name = object.name, .new_name = {}});
    }
    return changes;
}

Result<std::vector<PropertyChange>> ScriptChanges::of_properties() const { return differences(properties_, TRY(live::properties_of(*connection_))); }

}  // namespace holdfast::live
