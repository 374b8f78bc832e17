#include "holdfast/sqlite/expect_query.h"

#include <sqlite3.h>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

namespace {

bool is_pragma(std::string_view sql) {
    constexpr std::string_view word = "PRAGMA";
    const auto text = trim(sql);
    return text.size() > word.size() && sqlite3_strnicmp(text.data(), word.data(), static_cast<int>(word.size())) == 0;
}

}  // namespace

// A view can be made of a query and of nothing else, and none of the names in it are looked up until it is used.
Result<void> expect_query(const std::string& sql) {
    if (trim(sql).empty()) return fail(ErrorCode::invalid, "the query is empty");
    auto connection = TRY(Connection::open(":memory:", {.mode = OpenMode::create}));
    const std::string text = is_pragma(sql) ? sql : "CREATE TEMP VIEW asked AS\n" + sql;
    const auto first = connection.prepare_first(text, 0);
    if (!first) return fail(ErrorCode::invalid, "it is no query that only reads: {}", printable(sqlite3_errmsg(connection.handle())));
    const auto next = connection.prepare_first(text, first->end);
    if (!next || next->statement) return fail(ErrorCode::invalid, "there is more than one statement in it");
    if (is_pragma(sql) && !(first->statement && first->statement->is_read_only())) return fail(ErrorCode::invalid, "it is no query that only reads: it sets what it names");
    return {};
}

}  // namespace holdfast::sqlite
