#ifndef SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_PREUPDATE_HOOK  // the library has it (a link error otherwise); its header shows it on request
#endif
#include "holdfast/sqlite/count_changes.h"

#include <sqlite3.h>

#include <map>
#include <string_view>

namespace holdfast::sqlite {

namespace {

// Its rows come and go with tables, which are told as that.
bool is_of_schema(std::string_view table) { return table == "sqlite_schema" || table == "sqlite_master"; }

}  // namespace

struct ChangeCounter::Open {
    sqlite3* connection;
    std::map<std::string, TableChanges, std::less<>> tables;

    TableChanges& of(std::string_view table) {
        const auto at = tables.find(table);
        if (at != tables.end()) return at->second;
        return tables.emplace(table, TableChanges{.table = std::string(table)}).first->second;
    }
};

ChangeCounter::ChangeCounter(Connection& connection) : open_(std::make_unique<Open>(Open{connection.handle(), {}})) {
    const auto count = [](void* self, sqlite3*, int operation, const char* database, const char* table, sqlite3_int64,
                          sqlite3_int64) noexcept {
        if (std::string_view(database) != "main" || is_of_schema(table)) return;
        TableChanges& changes = static_cast<Open*>(self)->of(table);
        if (operation == SQLITE_INSERT) ++changes.inserted;
        if (operation == SQLITE_UPDATE) ++changes.updated;
        if (operation == SQLITE_DELETE) ++changes.deleted;
    };
    sqlite3_preupdate_hook(open_->connection, count, open_.get());
}

ChangeCounter::~ChangeCounter() { sqlite3_preupdate_hook(open_->connection, nullptr, nullptr); }

std::vector<TableChanges> ChangeCounter::counted() const {
    std::vector<TableChanges> all;
    for (const auto& [name, changes] : open_->tables) all.push_back(changes);
    return all;
}

}  // namespace holdfast::sqlite
