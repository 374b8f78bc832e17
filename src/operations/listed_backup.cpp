#include "holdfast/operations/listed_backup.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

std::string state_of(const history::Moment& moment) {
    if (moment.notes.forgotten) return "forgotten";
    if (moment.snapshot.damaged) return "damaged";
    if (moment.snapshot.partial) return "partial";
    if (moment.is_bad()) return "verification found damage";
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

ListedBackup listed(const history::Moment& moment) {
    const auto& snapshot = moment.snapshot;
    ListedBackup backup;
    backup.number = snapshot.number.value;
    backup.id = snapshot.id.hex();
    backup.time = snapshot.time;
    backup.kind = snapshot.kind == repository::SnapshotKind::safety ? "safety" : "ordinary";
    backup.state = state_of(moment);
    backup.comment = snapshot.comment;
    backup.source = snapshot.source.name;
    backup.logical_bytes = snapshot.statistics.logical_bytes;
    backup.bytes_stored = snapshot.statistics.bytes_stored;
    for (const auto& member : snapshot.members) backup.paths.push_back(member.name);
    for (const auto& [key, value] : snapshot.tags) backup.tags.push_back(key + "=" + value);
    return backup;
}

}  // namespace holdfast::operations
