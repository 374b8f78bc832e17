// The audit log proven: each entry against the one before, and the whole against the heads that others have kept.
#pragma once

#include "holdfast/operations/audit_log.h"

namespace holdfast::operations {

// A head that a backup or a note holds.
struct KeptHead {
    AuditHead head;
    std::string where;  // "backup #12", for people
};
struct AuditFinding {
    std::uint64_t line = 0;  // 0: of no line
    std::string what;
};
struct AuditCheck {
    std::string log;                       // its id; empty: there are no entries
    std::uint64_t entries = 0;
    std::vector<AuditFinding> damage;      // changed, missing, reordered or foreign lines, a cut tail, a replaced log
    std::vector<AuditFinding> remarks;     // lines torn by a power cut and told so by the log itself
    std::uint64_t heads_matched = 0;
    std::vector<std::string> other_logs;   // ids in heads of other machines, users or places
};
// A log that is not there has no entries: what heads of its place say of it is damage then. Errors are those of reading.
Result<AuditCheck> check_audit_log(host::Host host, const std::string& path, const std::vector<KeptHead>& heads);

}  // namespace holdfast::operations
