#include "holdfast/operations/named_databases.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::operations {

namespace {

// The first bytes only. With a journal beside it they may be torn, and mean nothing.
Result<void> expect_database(Context& context, const std::string& path) {
    if (TRY(host::exists(context.host.files, path + "-journal"))) return {};
    const auto file = TRY(sqlite::RawFile::open(path, {.vfs = context.vfs}));
    const std::uint64_t size = TRY(file.size());
    if (size == 0) return {};
    std::array<std::byte, sqlite::database_header_size> head{};
    TRY(file.read(0, head));
    auto header = sqlite::parse_database_header(std::span(head).first(std::min<std::size_t>(size, head.size())));
    if (!header) return std::move(header).error().while_doing(format("back up {}", printable(path)));
    return {};
}

Result<NamedDatabase> named_database(Context& context, const std::string& name) {
    NamedDatabase database;
    auto canonical = canonical_database(context, name);
    if (canonical) {
        database.path = std::move(canonical).value();
        if (auto is = expect_database(context, database.path); !is) database.failure = std::move(is).error();
    } else {
        if (name.empty()) return std::move(canonical).error();
        database.path = TRY(canonical_name(context, name));
        database.failure = std::move(canonical).error();
    }
    TRY(refuse_inside_repository(context, database.path));
    return database;
}

}  // namespace

Result<std::vector<NamedDatabase>> named_databases(Context& context, const std::vector<std::string>& names) {
    if (names.empty()) return fail(ErrorCode::invalid, "back up what: no database is named").with_advice("holdfast backup DATABASE; holdfast init DATABASE writes settings, and then holdfast backup needs no argument");
    std::vector<NamedDatabase> databases;
    for (const auto& name : names) {
        auto database = TRY(named_database(context, name));
        const bool is_known = std::ranges::find(databases, database.path, &NamedDatabase::path) != databases.end();
        if (!is_known) databases.push_back(std::move(database));
    }
    const auto fails = [](const NamedDatabase& database) { return database.failure.has_value(); };
    if (std::ranges::all_of(databases, fails)) return std::move(*databases.front().failure);
    return databases;
}

std::vector<std::string> paths_of(const std::vector<NamedDatabase>& databases) {
    std::vector<std::string> paths;
    for (const auto& database : databases) paths.push_back(database.path);
    return paths;
}

}  // namespace holdfast::operations
