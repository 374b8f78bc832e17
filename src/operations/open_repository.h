// A repository found, unlocked and opened, with everything it leans on. For this room only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// An open repository with everything it leans on, kept alive together.
class OpenRepository {
public:
    virtual ~OpenRepository() = default;
    virtual repository::Repository& get() = 0;
    virtual host::WorkerPool& pool() = 0;
    virtual const std::string& path() const = 0;
    virtual bool was_created() const = 0;  // .holdfast made just now
    virtual bool is_default() const = 0;   // .holdfast, found or made: nobody named it
};
struct OpenHow {
    std::vector<std::string> databases;   // canonical; where .holdfast is looked for, or made
    bool create_default = false;          // backup: make .holdfast beside the database
    bool low_priority = false;
    bool without_cache = false;           // as on a machine that has never seen it
};
// What the request, the environment or the default names, unlocked and opened. A wrong or missing secret is `denied`
// before anything is touched.
Result<std::unique_ptr<OpenRepository>> open_repository(Context& context, const RepositoryRequest& request, const OpenHow& how);

}  // namespace holdfast::operations
