// Heads of audit logs that a repository keeps: in its snapshots and its notes.
#pragma once

#include "holdfast/operations/audit_check.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Of all machines that wrote to it. What cannot be read, or is no head, is left out: verify tells of it.
Result<std::vector<KeptHead>> kept_heads(const repository::Repository& repository);

}  // namespace holdfast::operations
