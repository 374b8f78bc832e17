// Loaded: connections of this program's SQLite into which holdfast_sqlite.so was loaded, as any program does it.
#pragma once

#include <dirent.h>
#include <sqlite3.h>

#include <string>
#include <vector>

#include "operations/world.h"

namespace holdfast::extension {

using operations::Journal;
using operations::World;
using tests::must;

// One connection. What a statement answers is a text: rows by line, columns by '|'; or "error CODE: message".
class Program {
public:
    explicit Program(const std::string& path = ":memory:", int flags = 0) {
        if (sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | flags, nullptr) != SQLITE_OK) std::abort();
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, nullptr);
        char* why = nullptr;
        if (sqlite3_load_extension(connection_, HOLDFAST_MODULE, nullptr, &why) != SQLITE_OK) {
            ADD_FAILURE() << (why ? why : "?");
            sqlite3_free(why);
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() { EXPECT_EQ(sqlite3_close(connection_), SQLITE_OK); }
    sqlite3* handle() const { return connection_; }

    std::string ask(const std::string& sql) {
        std::string answer;
        for (const char* rest = sql.c_str(); *rest != '\0';) {
            sqlite3_stmt* statement = nullptr;
            int rc = sqlite3_prepare_v2(connection_, rest, -1, &statement, &rest);
            while (rc == SQLITE_OK && statement && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
                answer += (answer.empty() ? "" : "\n") + row_of(statement);
                rc = SQLITE_OK;
            }
            const bool is_good = rc == SQLITE_OK || rc == SQLITE_DONE;
            const std::string failure = is_good ? "" : format("error {}: {}", sqlite3_errcode(connection_), sqlite3_errmsg(connection_));
            sqlite3_finalize(statement);
            if (!is_good) return failure;
        }
        return answer;
    }
    std::string attach(const std::string& parameters, const std::string& as = "backup", const std::string& name = "app.db") {
        return ask(format("ATTACH 'file:{}?vfs=holdfast&{}' AS {}", name, parameters, as));
    }
    std::string why() { return ask("SELECT holdfast_last_error()"); }

private:
    static std::string row_of(sqlite3_stmt* statement) {
        std::string row;
        for (int column = 0; column < sqlite3_column_count(statement); ++column) {
            const void* text = sqlite3_column_text(statement, column);
            row += (column > 0 ? "|" : "") + std::string(text ? static_cast<const char*>(text) : "NULL");
        }
        return row;
    }
    sqlite3* connection_ = nullptr;
};

class Attaching : public World {
protected:
    Attaching() { make_repository(); }
    std::string backup_number(int number) const { return format("repository={}&snapshot={}", repository, number); }
    std::vector<std::string> leases() const { return entries(repository + "/leases"); }
    static std::vector<std::string> entries(const std::string& folder) {
        std::vector<std::string> names;
        if (!exists(folder)) return names;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
        return names;
    }
    static constexpr const char* all_rows = "SELECT coalesce(group_concat(n || '=' || payload, char(10)), '') FROM (SELECT * FROM backup.ledger ORDER BY n)";
};

}  // namespace holdfast::extension
