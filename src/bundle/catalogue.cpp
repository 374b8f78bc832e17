#include "holdfast/bundle/catalogue.h"

#include <array>

#include "holdfast/bundle/copy_records.h"
#include "holdfast/bundle/json_bytes.h"
#include "holdfast/host/file_system.h"

namespace holdfast::bundle {
namespace {

std::string text_at(const Json& object, std::string_view key) {
    const Json* const value = object.find(key);
    const std::string* const text = value != nullptr ? value->as_text() : nullptr;
    return text != nullptr ? *text : std::string();
}

std::string first_text(const Json& object, std::initializer_list<std::string_view> keys) {
    for (const auto key : keys) {
        if (auto text = text_at(object, key); !text.empty()) return text;
    }
    return "";
}

// true, false, 1, 0: SQLite's tables have no words for it.
std::optional<bool> truth_at(const Json& object, std::string_view key) {
    const Json* const value = object.find(key);
    if (value == nullptr) return std::nullopt;
    if (const bool* const truth = value->as_bool()) return *truth;
    if (const auto number = value->as_integer()) return *number != 0;
    return std::nullopt;
}

// Comments that applications write before an operation name it.
std::string operation_in(const std::string& comment) {
    for (const std::string_view beginning : {"Auto-backup before: ", "Safety backup before "}) {
        if (comment.starts_with(beginning)) return comment.substr(beginning.size());
    }
    return "";
}

CatalogueEntry entry_of(const Json& object) {
    CatalogueEntry entry;
    entry.comment = first_text(object, {"comment", "description"});
    entry.time = first_text(object, {"timestamp", "created_at", "created", "time"});
    entry.operation = first_text(object, {"operation"});
    if (entry.operation.empty()) entry.operation = operation_in(entry.comment);
    entry.is_automatic = truth_at(object, "is_auto");
    entry.original_path = first_text(object, {"original_path", "path"});
    if (auto hash = Hash::from_hex(text_at(object, "sha256"))) entry.sha256 = *hash;
    return entry;
}

std::string without_dot(std::string name) { return name.starts_with("./") ? name.substr(2) : name; }

// One spelling for one place: names in archives begin with "./" or not.
std::string path_in(const std::string& folder, const std::string& name) { return folder == "." ? name : host::join_path(folder, name); }

}  // namespace

void Catalogue::add_list(const Json::Array& backups) {
    for (const auto& backup : backups) {
        const std::string file = host::file_name_of(first_text(backup, {"backup_filename", "backup_path"}));
        if (!file.empty()) by_name_[file] = entry_of(backup);
    }
}

void Catalogue::add_bundle(const std::string& folder, const Json& metadata) {
    const Json* const databases = metadata.find("databases");
    const Json::Array* const list = databases != nullptr ? databases->as_array() : nullptr;
    if (list == nullptr) return;
    is_bundle_ = true;
    CatalogueEntry whole = entry_of(metadata);
    whole.is_automatic = text_at(metadata, "kind") != "manual";
    if (const Json* const source = metadata.find("source")) whole.source_id = text_at(*source, "id");
    const Json* const scrubbed = metadata.find("scrubbed");
    whole.is_scrubbed = scrubbed != nullptr && scrubbed->as_array() != nullptr && !scrubbed->as_array()->empty();
    bundle_ = {.whole = whole, .id = text_at(metadata, "id"), .faults = faults_in(metadata)};
    auto missing = missing_in(metadata);
    if (missing) bundle_.missing = *std::move(missing);
    else bundle_.fault = missing.error().message();
    for (const auto& database : *list) {
        CatalogueEntry entry = whole;
        entry.original_path = bytes_at(database, "path").value_or("");
        if (auto hash = Hash::from_hex(text_at(database, "sha256"))) entry.sha256 = *hash;
        by_path_[path_in(folder, bytes_at(database, "member").value_or(""))] = std::move(entry);
    }
}

// The second file of the newest copy is replaced before this is written anew: its hash may be that of the next one.
void Catalogue::add_copies(const std::string& folder, std::string_view json) {
    const auto read = CopyRecords::parse(json);
    if (!read) return;
    for (const auto& record : read->records) {
        CatalogueEntry entry{.comment = record.comment, .time = to_rfc3339(record.time), .operation = record.operation, .is_automatic = record.is_automatic};
        if (record.what == "database") entry.original_path = record.database;
        entry.backup_id = record.backup_id;
        entry.database_sha256 = record.database_sha256;
        if (!record.is_latest) entry.sha256 = record.database_sha256;
        by_path_[path_in(folder, record.file)] = std::move(entry);
    }
}

void Catalogue::add(const std::string& name, std::string_view json) {
    const auto parsed = Json::parse(json);
    if (!parsed) return;
    const std::string folder = host::folder_of(without_dot(name)), file = host::file_name_of(name);
    constexpr std::string_view meta = ".meta.json";
    if (const Json::Array* const rows = parsed->as_array()) return add_list(*rows);
    if (parsed->find("holdfast_copies") != nullptr) return add_copies(folder, json);
    if (parsed->find("holdfast_bundle") != nullptr) return add_bundle(folder, *parsed);
    if (const Json* const backups = parsed->find("backups"); backups != nullptr && backups->as_array() != nullptr) return add_list(*backups->as_array());
    if (file.ends_with(meta)) by_path_[path_in(folder, file.substr(0, file.size() - meta.size()))] = entry_of(*parsed);
    if (file == "manifest.json" && parsed->find("checkpoint_id") != nullptr) by_folder_[folder] = entry_of(*parsed);
}

CatalogueEntry Catalogue::of(const std::string& name) const {
    const std::string folder = host::folder_of(without_dot(name)), file = host::file_name_of(name);
    if (const auto at = by_path_.find(path_in(folder, file)); at != by_path_.end()) return at->second;
    if (const auto at = by_name_.find(file); at != by_name_.end()) return at->second;
    if (const auto at = by_folder_.find(folder); at != by_folder_.end()) return at->second;
    return {};
}

}  // namespace holdfast::bundle
