#include "holdfast/operations/repository_or_none.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/safety_backup.h"

namespace holdfast::operations {

namespace {

class NoRepository final : public OpenRepository {
public:
    repository::Repository& get() override { assertion_failed("a restore to a new file asks for no repository", __FILE__, __LINE__); }
    host::WorkerPool& pool() override { return pool_; }
    const std::string& path() const override { return path_; }
    bool was_created() const override { return false; }
    bool is_default() const override { return false; }

private:
    host::WorkerPool pool_{{.threads = 0, .low_priority = false}};
    std::string path_;
};

}  // namespace

std::unique_ptr<OpenRepository> no_repository() { return std::make_unique<NoRepository>(); }

Result<std::unique_ptr<OpenRepository>> repository_for_safety(Context& context, const RepositoryRequest& request, const std::string& database) {
    auto opened = open_repository(context, request, {.databases = {database}});
    const bool is_named = !named_repository(request).empty();
    if (opened || opened.error().code() != ErrorCode::not_found || is_named) return opened;
    RepositoryRequest beside;
    beside.repository = safety_repository_beside(database);
    if (!TRY(find_repository(context, beside, {})).is_there) TRY(make_repository(context, {.path = beside.repository, .unlock = {}}));
    return open_repository(context, beside, {});
}

}  // namespace holdfast::operations
