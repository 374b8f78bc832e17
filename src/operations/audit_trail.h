// What one operation leaves in the audit log: which repository it used, and its entries there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/operations/audit_log.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct AuditOptions {
    std::string file;        // empty: audit_log_path() of the repository
    bool with_user = false;  // user and host names in the clear
};

// Of one operation and one thread; audited() begins the next one's. A log that cannot be written costs a warning,
// never the operation.
class AuditTrail {
public:
    explicit AuditTrail(AuditOptions options, std::string operation = {}) : options_(std::move(options)), operation_(std::move(operation)) {}
    const AuditOptions& options() const { return options_; }

    const std::string& operation() const { return operation_; }
    const std::string& repository() const { return repository_; }  // id of the first one used; empty: none
    void uses(const std::string& repository);
    // Numbers of that repository that this operation has committed; of another, they are nothing to its log.
    const std::vector<std::uint64_t>& made() const { return made_; }
    void has_made(const std::string& repository, std::uint64_t number);

    // Fills in time, repository (unless it is set), program and, when asked for, who; and appends.
    void write(host::Host host, AuditEntry entry) const;
    // The log's head as text, for snapshots and notes of this repository; empty: there is no entry, or it cannot be read.
    std::string head(host::Host host, const std::string& repository) const;
    std::string path(const std::string& repository) const { return options_.file.empty() ? audit_log_path(repository) : options_.file; }

private:
    AuditOptions options_;
    std::string operation_, repository_;
    std::vector<std::uint64_t> made_;
};

// A sealed repository was unlocked, or was not (`failure`). Nothing where the context has no trail.
struct Unlocking {
    std::string repository;
    std::string_view by;  // "key file", ...; never the path, never the secret
    const Error* failure = nullptr;
};
void tell_unlocking(Context& context, const Unlocking& unlocking);

}  // namespace holdfast::operations
