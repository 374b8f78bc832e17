#include "holdfast/operations/audit_heads.h"

namespace holdfast::operations {

Result<std::vector<KeptHead>> kept_heads(const repository::Repository& repository) {
    static_cast<void>(repository);
    return std::vector<KeptHead>();
}

}  // namespace holdfast::operations
