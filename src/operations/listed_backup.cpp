#include "holdfast/operations/listed_backup.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/purpose.h"

namespace holdfast::operations {

namespace {

std::string state_of(const history::Moment& moment) {
    if (moment.notes.forgotten) return "forgotten";
    if (moment.snapshot.damaged) return "damaged";
    if (moment.snapshot.partial) return moment.snapshot.skew ? "partial, not of one moment" : "partial";
    if (moment.snapshot.skew) return "not of one moment";
    if (moment.is_bad()) return "verification found damage";
    if (!unmet_by_notes(moment.notes).empty()) return "not as expected";
    return "ok";
}

}  // namespace

std::string level_name(std::uint64_t level) {
    switch (static_cast<repository::VerifyLevel>(level)) {
        case repository::VerifyLevel::listed: return "listed";
        case repository::VerifyLevel::hashed: return "hashed";
        case repository::VerifyLevel::opened: return "opened";
    }
    return format("level {}", level);
}

std::string verification_of(const history::Moment& moment) {
    if (!moment.notes.verified) return "";
    const auto& note = *moment.notes.verified;
    return format("{}, {}", level_name(note.value), note.good ? "good" : "damage found");
}

// Of all its databases; empty when none could be read.
std::string schema_hash_of(const repository::Snapshot& snapshot) {
    std::string hashes;
    for (const auto& member : snapshot.members) {
        if (!member.database || member.database->schema_hash.empty()) continue;
        hashes += (hashes.empty() ? "" : ",") + member.database->schema_hash;
    }
    return hashes;
}

std::string schema_version_of(const repository::Snapshot& snapshot) {
    for (const auto& member : snapshot.members) {
        if (!member.database) continue;
        if (!member.database->schema_version.empty()) return member.database->schema_version;
        if (member.database->user_version != 0) return format("{}", member.database->user_version);
    }
    return "";
}

ListedBackup listed(const history::Moment& moment) {
    const auto& snapshot = moment.snapshot;
    ListedBackup backup;
    backup.number = snapshot.number.value;
    backup.id = snapshot.id.hex();
    backup.time = snapshot.time;
    backup.kind = name_of(snapshot.kind);
    backup.operation = snapshot.operation;
    backup.schema_hash = schema_hash_of(snapshot);
    backup.schema_version = schema_version_of(snapshot);
    if (const auto& held = moment.notes.held) backup.held = held->text.empty() ? "held" : held->text;
    backup.state = state_of(moment);
    backup.comment = snapshot.comment;
    backup.source = snapshot.source.name;
    backup.logical_bytes = snapshot.statistics.logical_bytes;
    backup.bytes_stored = snapshot.statistics.bytes_stored;
    if (const auto& skew = snapshot.skew) {
        backup.skew = skew->why;
        backup.skew_ms = static_cast<double>(skew->span_ns) / 1'000'000;
        backup.skewed = skew->paths;
    }
    backup.unmet = unmet_by_notes(moment.notes);
    for (const auto& member : snapshot.members) backup.paths.push_back(member.name);
    for (const auto& companion : snapshot.companions) backup.companions.push_back(companion.name);
    for (const auto& tag : snapshot.tags) backup.tags.push_back(history::text_of(tag));
    return backup;
}

}  // namespace holdfast::operations
