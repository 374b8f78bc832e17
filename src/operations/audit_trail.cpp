#include "holdfast/operations/audit_trail.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"

namespace holdfast::operations {

void AuditTrail::uses(const std::string& repository) {
    if (repository_.empty()) repository_ = repository;
}

void AuditTrail::has_made(const std::string& repository, std::uint64_t number) {
    if (repository == repository_) made_.push_back(number);
}

void AuditTrail::write(host::Host host, AuditEntry entry) const {
    entry.time = host.clock.now();
    entry.program = "holdfast " HOLDFAST_VERSION;
    if (entry.repository.empty()) entry.repository = repository_;
    if (options_.with_user) {
        entry.user = host::user_name();
        entry.host = host::host_name();
    }
    const std::string event = entry.event, to = path(entry.repository);
    const auto written = append_to_audit_log(host, to, std::move(entry));
    if (written) return;
    host.log.write(host::LogLevel::warning, format("this {} is not in the audit log: {}", event, written.error().text()));
}

std::string AuditTrail::head(host::Host host, const std::string& repository) const {
    const auto head = head_of_audit_log(host, path(repository));
    return head && *head ? (*head)->text() : std::string();
}

void tell_unlocking(Context& context, const Unlocking& unlocking) {
    if (!context.audit) return;
    AuditEntry entry;
    entry.event = "unlock";
    entry.repository = unlocking.repository;
    entry.details.set("with", unlocking.by).set("for", context.audit->operation());
    if (unlocking.failure != nullptr) {
        entry.outcome = "failed";
        entry.code = name_of(unlocking.failure->code());
        entry.message = unlocking.failure->message();
    }
    context.audit->write(context.host, std::move(entry));
}

}  // namespace holdfast::operations
