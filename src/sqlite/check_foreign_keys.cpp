#include "holdfast/sqlite/check_foreign_keys.h"

#include <map>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t findings_max = 20;
constexpr std::uint64_t rows_between_looks = 4096;

// Rows of a table without their parent in another.
struct Orphans {
    std::string table, parent;
    auto operator<=>(const Orphans&) const = default;
};

Result<std::map<Orphans, std::uint64_t>> count_orphans(Connection& connection, const Watch& watch) {
    std::map<Orphans, std::uint64_t> counted;
    auto statement = TRY(connection.prepare("PRAGMA foreign_key_check"));
    for (std::uint64_t rows = 0; TRY(statement.step()); ++rows) {
        ++counted[{.table = statement.column_text(0), .parent = statement.column_text(2)}];
        if (rows % rows_between_looks == 0) TRY(watch.go_on());
    }
    return counted;
}

}  // namespace

Result<ForeignKeyFindings> check_foreign_keys(Connection& connection, const Watch& watch) {
    ForeignKeyFindings found;
    auto counted = count_orphans(connection, watch);
    if (!counted && counted.error().message().find("foreign key mismatch") != std::string::npos) {
        found.findings.push_back(counted.error().message());
        return found;
    }
    for (const auto& [orphans, rows] : TRY(std::move(counted))) {
        found.rows += rows;
        if (found.findings.size() == findings_max) continue;
        found.findings.push_back(format("{} {} of {} without a row in {}", rows, rows == 1 ? "row" : "rows", printable(orphans.table), printable(orphans.parent)));
    }
    return found;
}

}  // namespace holdfast::sqlite
