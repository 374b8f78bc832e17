#include "holdfast/extension/snapshots_function.h"

#include "holdfast/base/text.h"
#include "holdfast/extension/attached.h"
#include "holdfast/extension/holdings.h"
#include "holdfast/operations/list.h"

namespace holdfast::extension {

namespace {

SqlValue sql_value(const Json& json) {
    if (json.is_null()) return {};
    if (const bool* truth = json.as_bool()) return std::int64_t{*truth};
    if (const auto* text = json.as_text()) return *text;
    if (auto integer = json.as_integer()) return *integer;
    if (auto number = json.as_number()) return *number;
    return json.to_text();
}

struct NameColumns {
    std::vector<std::string> names;
    void operator()(std::string_view name, const auto&, std::string_view) { names.emplace_back(name); }
};
struct TakeValues {
    std::vector<SqlValue>& values;
    void operator()(std::string_view, const auto& value, std::string_view) { values.push_back(sql_value(operations::json_of(value))); }
};

class Backups final : public Rows {
public:
    explicit Backups(std::vector<operations::ListedBackup> backups) : backups_(std::move(backups)) {}
    Result<bool> next(std::vector<SqlValue>& row) override {
        if (given_ == backups_.size()) return false;
        row.clear();
        TakeValues take{row};
        backups_[given_++].describe(take);
        return true;
    }

private:
    std::vector<operations::ListedBackup> backups_;
    std::size_t given_ = 0;
};

Result<std::unique_ptr<Rows>> backups(sqlite3* connection, const TableFunction::Arguments& arguments) {
    auto context = context_here();
    operations::ListRequest request;
    request.repository = TRY(repository_of(connection, arguments[0]));
    request.source = arguments[1].value_or("");
    auto report = TRY(operations::list(context, request));
    for (const auto& damage : report.damage) context.host.log.warning("{}", damage);
    return std::unique_ptr<Rows>(std::make_unique<Backups>(std::move(report.backups)));
}

}  // namespace

TableFunction snapshots_function() {
    NameColumns columns;
    operations::ListedBackup{}.describe(columns);
    return {.name = "holdfast_snapshots", .columns = std::move(columns.names), .arguments = {"of_repository", "of_source"}, .rows = backups};
}

Result<operations::RepositoryRequest> repository_of(sqlite3* connection, const std::optional<std::string>& named) {
    operations::RepositoryRequest request;
    request.repository = named.value_or("");
    const auto attached = TRY(attached_repositories(connection));
    if (!named && attached.size() > 1) {
        return fail(ErrorCode::invalid, "which repository: backups of {} are attached", attached.size()).with_advice("name one as the argument");
    }
    if (!named && attached.size() == 1) return attached.front();
    for (const auto& one : attached) {
        if (is_same_repository(one, request)) return one;
    }
    return operations::repository_without_settings(request);
}

}  // namespace holdfast::extension
