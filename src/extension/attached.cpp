#include "holdfast/extension/attached.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

#include "holdfast/base/text.h"
#include "holdfast/extension/backup_names.h"
#include "holdfast/extension/holdings.h"

namespace holdfast::extension {

namespace {

struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

std::vector<std::string> names_of_databases(sqlite3* connection) {
    constexpr int name_column = 1;
    std::vector<std::string> names;
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(connection, "PRAGMA database_list", -1, &raw, nullptr) != SQLITE_OK) return names;
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
    while (sqlite3_step(raw) == SQLITE_ROW) {
        const void* text = sqlite3_column_text(raw, name_column);
        if (text) names.emplace_back(static_cast<const char*>(text));
    }
    return names;
}

}  // namespace

Result<std::vector<operations::RepositoryRequest>> attached_repositories(sqlite3* connection) {
    std::vector<operations::RepositoryRequest> repositories;
    for (const auto& name : names_of_databases(connection)) {
        const auto* backup = dynamic_cast<const OpenBackup*>(sqlite::exhibit_behind(connection, name.c_str()));
        if (!backup) continue;
        const auto& repository = backup->kept().repository();
        const bool is_known = std::ranges::any_of(repositories, [&](const auto& one) { return one.repository == repository.repository; });
        if (!is_known) repositories.push_back(repository);
    }
    return repositories;
}

bool is_same_repository(const operations::RepositoryRequest& open, const operations::RepositoryRequest& asked) {
    const auto path = host::canonical_or_future(context_here().host.files, asked.repository);
    return path && *path == open.repository;
}

}  // namespace holdfast::extension
