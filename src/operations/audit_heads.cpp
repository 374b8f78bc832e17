#include "holdfast/operations/audit_heads.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/purpose.h"

namespace holdfast::operations {

namespace {

void keep(std::vector<KeptHead>& heads, const std::string& text, std::string where) {
    if (auto head = AuditHead::parse(text)) heads.push_back({.head = std::move(*head), .where = std::move(where)});
}

MadeBackup made_by(const repository::Snapshot& snapshot) {
    const std::string before = snapshot.operation.empty() ? "" : format(", {} {}", snapshot.kind == repository::SnapshotKind::safety ? "for" : "before", printable(snapshot.operation));
    return {.number = snapshot.number.value, .audit_head = snapshot.audit_head, .machine = snapshot.source.machine, .time = snapshot.time,
            .in_words = format("backup #{} ({}{}, of {})", snapshot.number.value, name_of(snapshot.kind), before, to_rfc3339(snapshot.time))};
}

}  // namespace

Result<KnownOfLogs> known_of_logs(const repository::Repository& repository) {
    KnownOfLogs known;
    for (const auto& snapshot : TRY(repository.list()).snapshots) {
        keep(known.heads, snapshot.audit_head, format("backup #{}", snapshot.number.value));
        known.made.push_back(made_by(snapshot));
    }
    const auto notes = TRY(repository.notes());
    for (const auto& [number, summary] : notes.of) {
        for (const auto& text : summary.audit_heads) keep(known.heads, text, format("a note on backup #{}", number.value));
    }
    return known;
}

}  // namespace holdfast::operations
