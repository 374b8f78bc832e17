#include "holdfast/bundle/copy_metadata.h"

#include <algorithm>
#include <set>
#include <span>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"

namespace holdfast::bundle {
namespace {

std::uint64_t id_of(const Json& entry) {
    const Json* const value = entry.find("backup_id");
    const auto id = value != nullptr ? value->as_integer() : Result<std::int64_t>(fail(ErrorCode::invalid, "none"));
    return id && *id > 0 ? static_cast<std::uint64_t>(*id) : 0;
}

// As it stands there: a name, or a path.
std::string file_of(const Json& entry) {
    for (const auto key : {"backup_path", "backup_filename"}) {
        const Json* const value = entry.find(key);
        const std::string* const text = value != nullptr ? value->as_text() : nullptr;
        if (text != nullptr && !text->empty()) return *text;
    }
    return "";
}

std::string local_time_of(const CopyRecord& record) {
    const auto time = civil_of(record.time, record.utc_offset_s);
    return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", time.year, time.month, time.day, time.hour, time.minute, time.second);
}

Json entry_of(const CopyRecord& record, const std::string& folder) {
    Json entry = Json::object();
    entry.set("backup_id", record.metadata_id).set("timestamp", local_time_of(record)).set("backup_path", host::join_path(folder, record.file));
    entry.set("comment", record.comment).set("is_auto", record.is_automatic).set("size_bytes", record.size).set("original_path", record.database);
    return entry;
}

std::span<const Json> entries_in(const Json& metadata) {
    const Json* const list = metadata.find("backups");
    const Json::Array* const entries = list != nullptr ? list->as_array() : nullptr;
    return entries != nullptr ? std::span<const Json>(*entries) : std::span<const Json>();
}

Result<Json> what_was_there(std::string_view text) {
    auto before = text.empty() ? Result<Json>(Json::object()) : Json::parse(text);
    if (!before) return Json::object();
    const bool is_empty = before->as_object() != nullptr && before->as_object()->empty();
    const Json* const list = before->find("backups");
    if (is_empty || (list != nullptr && list->as_array() != nullptr)) return before;
    return fail(ErrorCode::invalid, "it is JSON, but no list of backups").with_advice("move it away, or choose another name for metadata");
}

}  // namespace

Result<std::string> copy_metadata(std::vector<CopyRecord>& records, const CopyMetadataOrder& order) {
    Json metadata = TRY(what_was_there(order.before));
    std::set<std::string> ours;
    for (const auto& record : *order.ours) ours.insert(record.file);
    for (const auto& record : records) ours.insert(record.file);
    std::vector<Json> entries;
    std::set<std::uint64_t> taken;
    std::uint64_t next = 1;
    if (const Json* const said = metadata.find("next_id"); said != nullptr && said->as_integer() && *said->as_integer() > 0) next = static_cast<std::uint64_t>(*said->as_integer());
    const auto take = [&](std::uint64_t id) {
        taken.insert(id);
        next = std::max(next, id + 1);
    };
    for (const auto& entry : entries_in(metadata)) {
        const auto said = file_of(entry), file = host::file_name_of(said), here = host::join_path(order.folder, file);
        const bool is_elsewhere = said.starts_with('/') && said != here && order.is_there(said);
        const bool is_theirs = is_elsewhere || (!file.empty() && !ours.contains(file) && order.is_there(here));
        if (!is_theirs) continue;
        take(id_of(entry));
        entries.push_back(entry);
    }
    for (const auto& record : records) {
        if (record.metadata_id > 0) take(record.metadata_id);
    }
    for (auto& record : records) {
        if (record.is_latest) continue;
        if (record.metadata_id == 0) {
            record.metadata_id = record.number > 0 && !taken.contains(record.number) ? record.number : next;
            take(record.metadata_id);
        }
        entries.push_back(entry_of(record, order.folder));
    }
    std::ranges::stable_sort(entries, {}, id_of);
    metadata.set("backups", Json(Json::Array(entries.begin(), entries.end())));
    metadata.set("next_id", next);
    return metadata.to_text(2) + "\n";
}

}  // namespace holdfast::bundle
