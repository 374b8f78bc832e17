#include "holdfast/bundle/copy_records.h"

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/copy_name.h"

namespace holdfast::bundle {
namespace {

constexpr std::uint64_t version_now = 1;

Json json_of(const CopyRecord& record) {
    Json json = Json::object();
    json.set("file", record.file).set("size", record.size).set("sha256", record.sha256.hex()).set("database_sha256", record.database_sha256.hex());
    json.set("what", record.what).set("compress", record.compress).set("latest", record.is_latest);
    if (record.identity) {
        json.set("device", record.identity->device).set("inode", record.identity->inode).set("modified_ns", record.identity->modified.nanoseconds);
    }
    json.set("database", record.database).set("machine", record.machine).set("source", record.source);
    json.set("repository", record.repository).set("backup_id", record.backup_id).set("number", record.number).set("metadata_id", record.metadata_id);
    json.set("time", to_rfc3339(record.time)).set("time_ns", record.time.nanoseconds).set("utc_offset_s", record.utc_offset_s);
    json.set("is_auto", record.is_automatic).set("operation", record.operation).set("comment", record.comment);
    return json;
}

// Fields of one object; what is missing or of another type is remembered, and asked for once.
class Fields {
public:
    explicit Fields(const Json& object) : object_(object) {}
    std::string text(std::string_view key) {
        const Json* const value = object_.find(key);
        const std::string* const found = value != nullptr ? value->as_text() : nullptr;
        if (found == nullptr) miss(key);
        return found != nullptr ? *found : std::string();
    }
    std::int64_t integer(std::string_view key) {
        const Json* const value = object_.find(key);
        const auto found = value != nullptr ? value->as_integer() : Result<std::int64_t>(fail(ErrorCode::invalid, "none"));
        if (!found) miss(key);
        return found ? *found : 0;
    }
    std::uint64_t count(std::string_view key) {
        const auto found = integer(key);
        if (found < 0) miss(key);
        return found < 0 ? 0 : static_cast<std::uint64_t>(found);
    }
    bool truth(std::string_view key) {
        const Json* const value = object_.find(key);
        const bool* const found = value != nullptr ? value->as_bool() : nullptr;
        if (found == nullptr) miss(key);
        return found != nullptr && *found;
    }
    Hash hash(std::string_view key) {
        const auto found = Hash::from_hex(text(key));
        if (!found) miss(key);
        return found ? *found : Hash{};
    }
    bool has(std::string_view key) const { return object_.find(key) != nullptr; }
    const std::string& missing() const { return missing_; }

private:
    void miss(std::string_view key) {
        if (missing_.empty()) missing_ = key;
    }
    const Json& object_;
    std::string missing_;
};

Result<CopyRecord> record_of(const Json& json) {
    Fields fields(json);
    CopyRecord record;
    record.file = fields.text("file");
    record.size = fields.count("size");
    record.sha256 = fields.hash("sha256");
    record.database_sha256 = fields.hash("database_sha256");
    if (fields.has("what")) record.what = fields.text("what");
    record.compress = fields.text("compress");
    record.is_latest = fields.truth("latest");
    if (fields.has("inode")) record.identity = CopyIdentity{.device = fields.count("device"), .inode = fields.count("inode"), .modified = {fields.integer("modified_ns")}};
    record.database = fields.text("database");
    record.machine = fields.text("machine");
    record.source = fields.text("source");
    record.repository = fields.text("repository");
    record.backup_id = fields.text("backup_id");
    record.number = fields.count("number");
    record.metadata_id = fields.count("metadata_id");
    record.time = {fields.integer("time_ns")};
    record.utc_offset_s = static_cast<std::int32_t>(fields.integer("utc_offset_s"));
    record.is_automatic = fields.truth("is_auto");
    record.operation = fields.text("operation");
    record.comment = fields.text("comment");
    if (!fields.missing().empty()) return fail(ErrorCode::corrupt, "read a catalogue of copies: an entry has no {} that can be read", fields.missing());
    // Files are removed by these names.
    if (!expect_copy_file_name(record.file)) return fail(ErrorCode::corrupt, "read a catalogue of copies: '{}' is no name of a file", printable(record.file));
    return record;
}

}  // namespace

std::string CopyRecords::to_text() const {
    Json json = Json::object();
    json.set("holdfast_copies", version_now);
    Json all = Json::array();
    for (const auto& record : records) all.push(json_of(record));
    json.set("copies", std::move(all));
    return json.to_text(1) + "\n";
}

Result<CopyRecords> CopyRecords::parse(std::string_view text) {
    const auto json = Json::parse(text);
    const Json* const version = json ? json->find("holdfast_copies") : nullptr;
    const auto number = version != nullptr ? version->as_integer() : Result<std::int64_t>(fail(ErrorCode::corrupt, "none"));
    if (!number) return fail(ErrorCode::corrupt, "read a catalogue of copies: it is none");
    if (*number != version_now) {
        return fail(ErrorCode::too_new, "read a catalogue of copies: it is of version {}, and this program knows {}", *number, version_now).with_advice("a newer holdfast");
    }
    const Json* const list = json->find("copies");
    if (list == nullptr || list->as_array() == nullptr) return fail(ErrorCode::corrupt, "read a catalogue of copies: it has no list");
    CopyRecords records;
    for (const auto& one : *list->as_array()) records.records.push_back(TRY(record_of(one)));
    return records;
}

std::string checksum_line(const CopyRecord& record) { return format("{}  {}\n", record.sha256.hex(), record.file); }

}  // namespace holdfast::bundle
