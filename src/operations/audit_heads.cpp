#include "holdfast/operations/audit_heads.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/purpose.h"

namespace holdfast::operations {

namespace {

void keep(std::vector<KeptHead>& heads, const std::string& text, std::string where) {
    if (auto head = AuditHead::parse(text)) heads.push_back({.head = std::move(*head), .where = std::move(where)});
}

}  // namespace

Result<std::vector<MadeBackup>> made_backups(const repository::Repository& repository) {
    std::vector<MadeBackup> made;
    for (const auto& snapshot : TRY(repository.list()).snapshots) {
        const std::string before = snapshot.operation.empty() ? "" : format(", {} {}", snapshot.kind == repository::SnapshotKind::safety ? "for" : "before", printable(snapshot.operation));
        made.push_back({.number = snapshot.number.value, .audit_head = snapshot.audit_head, .machine = snapshot.source.machine, .time = snapshot.time,
                        .in_words = format("backup #{} ({}{}, of {})", snapshot.number.value, name_of(snapshot.kind), before, to_rfc3339(snapshot.time))});
    }
    return made;
}

Result<std::vector<KeptHead>> kept_heads(const repository::Repository& repository) {
    std::vector<KeptHead> heads;
    const auto listed = TRY(repository.list());
    for (const auto& snapshot : listed.snapshots) keep(heads, snapshot.audit_head, format("backup #{}", snapshot.number.value));
    const auto notes = TRY(repository.notes());
    for (const auto& [number, summary] : notes.of) {
        for (const auto& text : summary.audit_heads) keep(heads, text, format("a note on backup #{}", number.value));
    }
    return heads;
}

}  // namespace holdfast::operations
