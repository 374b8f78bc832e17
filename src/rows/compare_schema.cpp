#include "holdfast/rows/compare_schema.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

std::map<ObjectKey, const SchemaObject*> objects_of(const Schema& schema, CompareRequest::Internal internal) {
    std::map<ObjectKey, const SchemaObject*> objects;
    for (const auto& object : schema.objects) {
        const Table* table = schema.find(object.table);
        const bool is_hidden = table != nullptr && (table->kind == TableKind::shadow || table->kind == TableKind::internal);
        if (object.sql.empty() || (is_hidden && internal == CompareRequest::Internal::hide)) continue;
        objects.emplace(key_of(object), &object);
    }
    return objects;
}

std::string auto_vacuum_of(const sqlite::DatabaseHeader& header) {
    if (header.largest_root_page == 0) return "none";
    return header.incremental_vacuum != 0 ? "incremental" : "full";
}

std::string encoding_name(const Side& side) {
    switch (side.encoding()) {
        case sqlite::TextEncoding::utf16le: return "UTF-16le";
        case sqlite::TextEncoding::utf16be: return "UTF-16be";
        case sqlite::TextEncoding::utf8: break;
    }
    return "UTF-8";
}

}  // namespace

ObjectKey key_of(const SchemaObject& object) { return {object.type, in_small_letters(object.name)}; }

std::vector<SchemaChange> compare_schemas(const Schema& before, const Schema& after, CompareRequest::Internal internal) {
    std::vector<SchemaChange> changes;
    const auto old_ones = objects_of(before, internal), new_ones = objects_of(after, internal);
    for (const auto& [key, object] : old_ones) {
        const auto there = new_ones.find(key);
        if (there == new_ones.end()) changes.push_back({.change = Change::removed, .type = object->type, .name = object->name, .table = object->table, .before = object->sql, .after = {}});
        else if (there->second->sql != object->sql) changes.push_back({.change = Change::changed, .type = object->type, .name = object->name, .table = object->table, .before = object->sql, .after = there->second->sql});
    }
    for (const auto& [key, object] : new_ones) {
        if (!old_ones.contains(key)) changes.push_back({.change = Change::added, .type = object->type, .name = object->name, .table = object->table, .before = {}, .after = object->sql});
    }
    std::ranges::sort(changes, {}, [](const SchemaChange& change) { return std::pair(change.type, change.name); });
    return changes;
}

std::vector<PropertyChange> compare_properties(const Side& before, const Side& after) {
    if (!before.trees || !after.trees) return {};
    std::vector<PropertyChange> changes;
    const auto look = [&](std::string name, std::string old_value, std::string new_value) {
        if (old_value != new_value) changes.push_back({std::move(name), std::move(old_value), std::move(new_value)});
    };
    const auto &old_header = before.trees->header(), &new_header = after.trees->header();
    const auto as_signed = [](std::uint32_t value) { return format("{}", static_cast<std::int32_t>(value)); };
    look("user_version", as_signed(old_header.user_version), as_signed(new_header.user_version));
    look("application_id", as_signed(old_header.application_id), as_signed(new_header.application_id));
    look("encoding", encoding_name(before), encoding_name(after));
    look("page_size", format("{}", before.image->page_size().bytes()), format("{}", after.image->page_size().bytes()));
    look("auto_vacuum", auto_vacuum_of(old_header), auto_vacuum_of(new_header));
    return changes;
}

}  // namespace holdfast::rows
