#include "holdfast/operations/bundle_members.h"

#include <algorithm>
#include <map>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/json_bytes.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/operations/scrubbed_database.h"
#include "holdfast/operations/stream_image.h"
#include "holdfast/sqlite/schema_text.h"
#include "holdfast/sqlite/serve_image.h"
#include "holdfast/sqlite/version.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t bundle_version = 1;
constexpr std::string_view companions_folder = "companions";

// A database's own name; where two have one, the whole path, without the slash that it begins with.
std::map<std::string, std::string> names_of(const repository::Snapshot& snapshot) {
    std::map<std::string, int> count;
    for (const auto& entry : snapshot.members) ++count[host::file_name_of(entry.name)];
    std::map<std::string, std::string> names;
    for (const auto& entry : snapshot.members) {
        const std::string own = host::file_name_of(entry.name);
        const bool is_clear = count[own] == 1 && !own.ends_with(".json") && !own.ends_with("schema.sql") && own != "metrics.txt" && (snapshot.companions.empty() || own != companions_folder);
        names[entry.name] = is_clear ? own : "databases" + entry.name;
    }
    return names;
}

// A schema that cannot be read (a damaged source) is told in the place where it would be.
std::string schema_of(const sqlite::Image& image) {
    if (image.last_page().value == 0) return "";
    auto text = [&]() -> Result<std::string> {
        const auto served = TRY(sqlite::serve_image(image));
        auto connection = TRY(served->connect());
        return sqlite::schema_text(connection);
    }();
    return text ? *text : format("-- the schema cannot be read: {}\n", printable(text.error().message()));
}

Json metadata_of_database(const repository::DirectoryEntry& entry, const BundleMember& member) {
    const auto& record = *entry.database;
    Json json = Json::object();
    bundle::set_bytes(json, "member", member.name);
    bundle::set_bytes(json, "path", entry.name);
    json.set("size", member.size).set("sha256", member.sha256.hex());
    json.set("page_size", record.page_size).set("pages", record.page_count).set("user_version", record.user_version);
    json.set("application_id", record.application_id).set("schema_version", record.schema_version).set("schema_hash", record.schema_hash);
    json.set("damaged_at_source", !record.findings.empty());
    return json;
}

// What is missing is listed where companions are; databases alone tell that they are not all by their flag.
bundle::BundledFaults faults_of(const repository::Snapshot& snapshot) {
    bundle::BundledFaults faults;
    if (snapshot.skew) faults = {.skew_span_ns = snapshot.skew->span_ns, .skew_why = snapshot.skew->why, .skew_paths = snapshot.skew->paths, .failed = {}};
    if (snapshot.companions.empty()) return faults;
    for (const auto& failed : snapshot.failed) faults.failed.emplace_back(failed.path, failed.error);
    return faults;
}

std::vector<bundle::BundledAbsence> missing_of(const repository::Snapshot& snapshot) {
    std::vector<bundle::BundledAbsence> missing;
    for (const auto& [path, rules] : snapshot.missing) {
        missing.push_back({.path = path, .include = rules.include, .exclude = rules.exclude, .within = rules.within, .named = rules.named, .redacted = rules.is_redacted()});
    }
    return missing;
}

Json metadata_of(const history::Moment& moment) {
    const auto& snapshot = moment.snapshot;
    Json json = Json::object();
    json.set("holdfast_bundle", bundle_version).set("number", snapshot.number.value).set("id", snapshot.id.hex());
    json.set("time", to_rfc3339(snapshot.time)).set("kind", name_of(snapshot.kind)).set("operation", snapshot.operation).set("comment", snapshot.comment);
    Json tags = Json::array();
    for (const auto& tag : snapshot.tags) tags.push(history::text_of(tag));
    json.set("tags", std::move(tags));
    json.set("source", Json::object().set("id", to_hex(snapshot.source.id)).set("name", snapshot.source.name));
    json.set("partial", snapshot.partial).set("damaged", snapshot.damaged);
    bundle::set_faults(json, faults_of(snapshot));
    bundle::set_missing(json, missing_of(snapshot));
    Json versions = Json::object();
    versions.set("backed_up_by", snapshot.program).set("bundled_by", "holdfast " HOLDFAST_VERSION).set("sqlite", sqlite::library_version());
    return std::move(json.set("versions", std::move(versions)));
}

// Its content as it is kept, or scrubbed.
Result<BundleMember> database_member(Context& context, OpenRepository& opened, const repository::DirectoryEntry& entry, const BundleScrubbing& scrubbing,
                                     BundledDatabases& into) {
    BundleMember member;
    member.image = TRY(history::open_image(opened.get(), entry));
    if (scrubbing.rules.empty() || member.image->last_page().value == 0) {
        NoSink nowhere;
        member.size = member.image->size();
        member.sha256 = TRY(stream_image(context, opened.pool(), *member.image, nowhere));
        return member;
    }
    const auto scrubbed = TRY(scrubbed_database(context, opened, *member.image, {.rules = scrubbing.rules, .folder = scrubbing.folder}));
    member.file = scrubbed.path;
    member.size = scrubbed.size;
    member.sha256 = scrubbed.sha256;
    for (const auto& what : scrubbed.report.scrubbed) into.scrubbed.push_back(format("{}: {}", host::file_name_of(entry.name), what));
    for (const auto& note : scrubbed.report.notes) into.notes.push_back(note);
    return member;
}

// What somebody typed may hold what was scrubbed: exec notes its SQL.
void mark_as_scrubbed(Json& facts, const std::vector<std::string>& scrubbed) {
    facts.set("scrubbed", json_of(scrubbed));
    for (const auto* typed : {"operation", "comment"}) facts.set(typed, "");
    facts.set("tags", Json::array());
}

// A rule for a table that no database of the backup has may be a slip: then what it should hide is given away.
void note_rules_without_table(const BundleScrubbing& scrubbing, BundledDatabases& into) {
    for (const auto& rule : scrubbing.rules) {
        const bool is_met = std::ranges::any_of(into.scrubbed, [&](const auto& what) { return what.find(": " + rule.text() + ": ") != std::string::npos; });
        if (!is_met) into.notes.push_back(format("the rule to scrub {} fits nothing: no database here has that table", printable(rule.text())));
    }
}

}  // namespace

BundleMember text_member(std::string name, std::string text) {
    BundleMember member;
    member.name = std::move(name);
    member.size = text.size();
    member.sha256 = sha256(bytes_of(text));
    member.text = std::move(text);
    return member;
}

Result<BundledDatabases> bundle_databases(Context& context, OpenRepository& opened, const history::Moment& moment, const BundleScrubbing& scrubbing) {
    const auto names = names_of(moment.snapshot);
    BundledDatabases result;
    Json databases = Json::array();
    for (const auto& entry : moment.snapshot.members) {
        if (!entry.database) {
            return fail(ErrorCode::invalid, "bundle #{}: it holds the bytes of a damaged database", moment.snapshot.number.value)
                .with_advice("holdfast restore --to FOLDER gives them back");
        }
        BundleMember member = TRY(database_member(context, opened, entry, scrubbing, result));
        member.name = names.at(entry.name);
        databases.push(metadata_of_database(entry, member));
        const bool is_only = moment.snapshot.members.size() == 1;
        result.members.push_back(text_member(is_only ? "schema.sql" : member.name + ".schema.sql", schema_of(*member.image)));
        if (!member.file.empty()) member.image.reset();
        result.members.push_back(std::move(member));
    }
    note_rules_without_table(scrubbing, result);
    result.facts = metadata_of(moment);
    result.facts.set("databases", std::move(databases));
    if (!result.scrubbed.empty()) mark_as_scrubbed(result.facts, result.scrubbed);
    return result;
}

std::vector<BundleMember> with_metadata(std::vector<BundleMember> members, Json facts) {
    std::ranges::sort(members, {}, &BundleMember::name);
    Json list = Json::array();
    for (const auto& member : members) {
        Json json = Json::object();
        bundle::set_bytes(json, "name", member.name);
        list.push(std::move(json.set("size", member.size).set("sha256", member.sha256.hex())));
    }
    facts.set("members", std::move(list));
    members.push_back(text_member("metadata.json", facts.to_text(2) + "\n"));
    std::ranges::sort(members, {}, &BundleMember::name);
    return members;
}

}  // namespace holdfast::operations
