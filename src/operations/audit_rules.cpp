#include <algorithm>

#include "holdfast/operations/audited.h"

namespace holdfast::operations {

// A new verb that changes or uses something gets a row; the order is that of the program's help. Comments, SQL and what
// databases hold stay out of it.
const std::vector<AuditRule>& audit_rules() {
    static const std::vector<AuditRule> rules = {
        {"init", "", {"group-access"}, {"repository", "encrypted", "key_file_made"}},
        {"backup", "number", {"full"},
         {"databases.path", "repository", "repository_created", "confirmed_only", "logical_bytes", "bytes_read", "bytes_stored", "pages_changed", "kind", "operation", "forgotten", "plain_copies.path",
          "plain_copies_removed"}},
        {"restore", "number", {"snapshot", "at", "from", "file", "for", "to", "compress", "only", "table", "with-related", "on-conflict", "schema-only", "force", "offline", "no-safety-backup", "cause"},
         {"databases.to", "databases.route", "rows.database", "rebuilds.companion", "safety_number", "safety_repository", "safety_is_raw", "data_lost"}},
        {"fresh", "safety_number", {"source", "offline", "no-safety-backup", "cause"}, {"databases.path", "safety_repository", "safety_is_raw", "data_lost"}},
        {"undo", "number", {"offline", "cause"}, {"databases.to", "databases.route", "safety_number", "safety_repository", "safety_is_raw", "data_lost"}},
        {"verify", "verified", {"level", "all", "for"}, {"good", "unmet", "damage.number", "bytes_read", "chunks_checked"}},
        {"forget", "numbers", {"snapshot", "policy", "unsafe-allow-remove-all"}, {"by_rule"}},
        {"recall", "numbers", {"snapshot"}, {}},
        {"guard", "backups.number", {"operation", "restore-on-failure", "even-if-backup-fails"},
         {"databases", "operation", "confirmed_only", "backup_error", "command_run", "exit_code", "signal", "restored", "restore_error", "safety_number"}},
        {"drill", "backups.number", {"scenario", "snapshot"}, {"passed", "backups.passed", "backups.total_ms"}},
        {"hold", "numbers", {"snapshot", "reason"}, {}},
        {"unhold", "numbers", {"snapshot"}, {}},
        {"annotate", "number", {"snapshot", "accept-loss"}, {}},
        {"bundle", "number", {"snapshot", "at", "to", "force"}, {"bytes", "compressed", "encrypted"}},
        {"dump", "number", {"snapshot", "at", "to", "table", "exclude"}, {"file", "rows", "bytes"}, "written"},
        {"adopt", "backups.number", {"file", "for", "source"}, {"source", "adopted", "already_there", "refused", "damaged", "original_bytes", "bytes_stored"}},
        {"source move", "number", {"copied"}, {"id", "from", "to", "backups", "bytes_stored"}},
        {"rebuild", "", {"source", "background"}, {"rebuilds.source", "rebuilds.companion", "rebuilds.state"}},
        {"exec", "before.number", {"database", "file", "operation", "foreign-keys", "no-backup", "attach"},
         {"database", "wrote", "before.repository", "changes.table", "changes.inserted", "changes.updated", "changes.deleted", "schema.what", "schema.type", "schema.name"},
         "wrote", true},
        {"maintain cleanup", "before.number", {"no-backup"},
         {"database", "before.repository", "rules.table", "rules.column", "rules.older_than", "rules.deleted", "changes.table", "changes.updated", "changes.deleted"},
         "", true},
        {"maintain vacuum", "before.number", {"no-backup"}, {"database", "by_way_of", "before.repository", "bytes_before", "bytes_after"}},
        {"maintain analyze", "before.number", {"no-backup"}, {"database", "before.repository", "indexes"}},
        {"maintain all", "before.number", {"no-backup"},
         {"database", "before.repository", "done", "failed_step", "cleanup.changes.table", "cleanup.changes.updated", "cleanup.changes.deleted"},
         "", true},
        {"schedule install", "", {"backup", "verify", "drill", "maintain", "prune"}, {"id", "folder", "by", "jobs.job", "jobs.time"}},
        {"schedule remove", "", {}, {"id", "folder", "by"}},
        {"prune", "dropped", {"grace"}, {"packs_removed", "packs_repacked", "bytes_freed", "bytes_kept", "bytes_waiting", "sessions_voided"}},
    };
    return rules;
}

const AuditRule* audit_rule(std::string_view verb) {
    const auto& rules = audit_rules();
    const auto at = std::ranges::find(rules, verb, &AuditRule::verb);
    return at == rules.end() ? nullptr : &*at;
}

}  // namespace holdfast::operations
