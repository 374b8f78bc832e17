#include "holdfast/operations/audit_heads.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

void keep(std::vector<KeptHead>& heads, const std::string& text, std::string where) {
    if (auto head = AuditHead::parse(text)) heads.push_back({.head = std::move(*head), .where = std::move(where)});
}

}  // namespace

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
