#include "holdfast/extension/difference_function.h"

#include "holdfast/base/text.h"
#include "holdfast/extension/holdings.h"
#include "holdfast/extension/snapshots_function.h"
#include "holdfast/operations/kept_difference.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::extension {

namespace {

using operations::DifferentRow;
using sqlite::Connection;
using sqlite::Statement;

// Rows that were found, in a temporary database of SQLite's, on its disk where they are many: the comparison gives them
// as it likes, and SQLite asks for one after another.
class FoundRows final : public Rows {
public:
    static Result<std::unique_ptr<FoundRows>> make() {
        auto connection = TRY(Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
        TRY(connection.execute("ATTACH '' AS found; PRAGMA found.journal_mode = OFF; PRAGMA found.synchronous = OFF; PRAGMA found.cache_size = -2000;"
                               "CREATE TABLE found.rows(change, key, before, after); BEGIN"));
        auto insert = TRY(connection.prepare("INSERT INTO found.rows VALUES(?1, ?2, ?3, ?4)"));
        return std::unique_ptr<FoundRows>(new FoundRows(std::move(connection), std::move(insert)));
    }
    Result<void> add(const DifferentRow& row) {
        int place = 0;
        for (const auto& value : {SqlValue(row.change), of_json(row.key), of_json(row.before), of_json(row.after)}) TRY(statement_.bind_value(++place, value));
        TRY(statement_.step());
        statement_.reset();
        return {};
    }
    Result<void> finish() {
        statement_ = TRY(connection_.prepare("SELECT change, key, before, after FROM found.rows ORDER BY rowid"));
        return {};
    }
    Result<bool> next(std::vector<SqlValue>& row) override {
        row.clear();
        if (!TRY(statement_.step())) return false;
        for (int column = 0; column < statement_.column_count(); ++column) row.push_back(statement_.column_value(column));
        return true;
    }

private:
    FoundRows(Connection connection, Statement insert) : connection_(std::move(connection)), statement_(std::move(insert)) {}
    static SqlValue of_json(const Json& json) { return json.is_null() ? SqlValue() : SqlValue(json.to_text()); }

    Connection connection_;
    Statement statement_;  // that inserts, and then the one that reads
};

enum Argument : std::size_t { table, from, to, of_repository, of_database, of_source };

Result<std::shared_ptr<const operations::KeptImage>> backup_named(const operations::RepositoryRequest& repository, const TableFunction::Arguments& arguments, Argument which) {
    auto found = TRY(Holdings::here().images().open({.repository = repository,
                                                     .snapshot = *arguments[which],
                                                     .at = {},
                                                     .source = arguments[of_source].value_or(""),
                                                     .database = arguments[of_database].value_or("")}));
    for (const auto& warning : found.warnings) log_note(warning);
    return std::move(found.image);
}

Result<std::unique_ptr<Rows>> different_rows(sqlite3* connection, const TableFunction::Arguments& arguments) {
    if (!arguments[table] || !arguments[from] || !arguments[to]) {
        return fail(ErrorCode::invalid, "compare backups: a table and two backups are to be named").with_advice("holdfast_diff('sessions', 41, 'latest')");
    }
    const auto repository = TRY(repository_of(connection, arguments[of_repository]));
    const auto before = TRY(backup_named(repository, arguments, from));
    const auto after = TRY(backup_named(repository, arguments, to));
    auto found = TRY(FoundRows::make());
    TRY(operations::compare_kept_table({.before = *before, .after = *after}, *arguments[table], [&](const DifferentRow& row) { return found->add(row); }));
    TRY(found->finish());
    return std::unique_ptr<Rows>(std::move(found));
}

}  // namespace

TableFunction difference_function() {
    return {.name = "holdfast_diff",
            .columns = {"change", "key", "before", "after"},
            .arguments = {"of_table", "from_snapshot", "to_snapshot", "of_repository", "of_database", "of_source"},
            .rows = different_rows};
}

}  // namespace holdfast::extension
