#include "holdfast/sqlite/empty_copy.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t file_format_at = 18;  // two bytes: how the file is written and read; 2 is WAL

// Objects that have SQL of their own and are nobody's shadow, in the order in which they were made: what one needs was there.
constexpr const char* objects =
    "SELECT type, name, tbl_name, sql FROM sqlite_schema AS s WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND NOT EXISTS (SELECT 1 FROM pragma_table_list AS t WHERE t.schema = 'main' AND t.name = s.name AND t.type = 'shadow') "
    "ORDER BY rowid";

struct Object {
    std::string type, name, table, sql;
    auto operator<=>(const Object&) const = default;
};
Result<std::vector<Object>> objects_of(Connection& connection) {
    std::vector<Object> found;
    auto statement = TRY(connection.prepare(objects));
    while (TRY(statement.step())) {
        found.push_back({.type = statement.column_text(0), .name = statement.column_text(1), .table = statement.column_text(2), .sql = statement.column_text(3)});
    }
    return found;
}

int compare_nothing(void*, int, const void*, int, const void*) noexcept { return 0; }
void any_collation(void*, sqlite3* db, int, const char* name) noexcept { sqlite3_create_collation(db, name, SQLITE_UTF8, nullptr, compare_nothing); }
void refuse_call(sqlite3_context* context, int, sqlite3_value**) noexcept { sqlite3_result_error(context, "it stands in for another", -1); }

// "no such function: slug": the one that is missing.
std::string missing_function(const Error& error) {
    constexpr std::string_view words = "no such function: ";
    const std::string text = error.message();
    const auto at = text.find(words);
    if (at == std::string::npos) return {};
    const auto rest = text.substr(at + words.size());
    return rest.substr(0, rest.find_first_of(" \n,;:)"));
}

Result<void> make(Connection& connection, const Object& object) {
    constexpr int functions_max = 100;
    for (int tries = 0;; ++tries) {
        auto made = connection.execute(object.sql);
        if (made) return {};
        const auto function = missing_function(made.error());
        const bool stands_in = !function.empty() && tries < functions_max &&
                               sqlite3_create_function_v2(connection.handle(), function.c_str(), -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                                          refuse_call, nullptr, nullptr, nullptr) == SQLITE_OK;
        if (stands_in) continue;
        const bool is_module = made.error().message().find("no such module") != std::string::npos;
        auto error = std::move(made).error().while_doing(format("make the {} {} anew", object.type, printable(object.name)));
        if (!is_module) return std::move(error).with_code(ErrorCode::corrupt).with_advice("its SQL does not make it: holdfast restore --to FILE gives the whole database");
        return std::move(error).with_code(ErrorCode::unavailable).with_advice("only the application can make it: holdfast restore --to FILE, and empty that one there");
    }
}

Result<void> copy_pragmas(Connection& from, Connection& into) {
    for (const char* name : {"page_size", "auto_vacuum", "application_id", "user_version"}) {
        TRY(into.execute(format("PRAGMA {} = {}", name, TRY(from.integer(format("PRAGMA {}", name))))));
    }
    return into.execute(format("PRAGMA encoding = '{}'", TRY(from.text("PRAGMA encoding"))));
}

Result<std::vector<std::byte>> bytes_of(Connection& connection) {
    sqlite3_int64 size = 0;
    auto* const bytes = sqlite3_serialize(connection.handle(), "main", &size, 0);
    if (bytes == nullptr) return fail(ErrorCode::full, "make an empty database: there is not enough memory");
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    std::vector<std::byte> copy(first, first + size);
    sqlite3_free(bytes);
    return copy;
}

Result<std::byte> file_format_of(const Image& image) {
    std::vector<std::byte> page(image.page_size().bytes());
    TRY(image.read({PageNumber{1}, 1}, page));
    return page[file_format_at];
}

}  // namespace

Result<std::unique_ptr<Image>> empty_copy(const Image& image) {
    if (image.last_page().value == 0) return fail(ErrorCode::invalid, "make an empty database like one of 0 bytes: it has no schema");
    const auto served = TRY(serve_image(image));
    auto from = TRY(served->connect());
    auto into = TRY(Connection::open(":memory:", {.mode = OpenMode::create, .trust_schema = true}));
    sqlite3_collation_needed(into.handle(), nullptr, any_collation);
    TRY(copy_pragmas(from, into));
    auto wanted = TRY(objects_of(from));
    TRY(into.execute("BEGIN"));
    for (const auto& object : wanted) TRY(make(into, object));
    TRY(into.execute("COMMIT"));
    if (wanted.empty()) TRY(into.execute("VACUUM"));  // so that there is a first page
    auto made = TRY(objects_of(into));
    std::ranges::sort(wanted);
    std::ranges::sort(made);
    if (made != wanted) {
        return fail(ErrorCode::corrupt, "make an empty database: the schema is not what its own SQL makes; somebody has edited it")
            .with_advice("holdfast restore --to FILE gives the whole database");
    }
    auto bytes = TRY(bytes_of(into));
    const auto file_format = TRY(file_format_of(image));
    bytes[file_format_at] = bytes[file_format_at + 1] = file_format;
    return memory_image(image.page_size(), std::move(bytes));
}

}  // namespace holdfast::sqlite
