#include "holdfast/live/references.h"

#include <algorithm>
#include <map>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::live {
namespace {

template <typename Each>
Result<void> for_each_broken(sqlite::Connection& connection, const Watch& watch, const Each& each) {
    const sqlite::Interruptible interruptible(connection, watch);
    auto statement = connection.prepare("PRAGMA main.foreign_key_check");
    if (!statement) return std::move(statement).error();
    for (;;) {
        auto row = statement->step();
        if (!row) return std::move(row).error().while_doing("look for broken references");
        if (!*row) return {};
        each(*statement);
    }
}

}  // namespace

Result<std::vector<BrokenReferences>> broken_references(sqlite::Connection& connection, const Watch& watch) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
    TRY(for_each_broken(connection, watch, [&](const sqlite::Statement& row) { ++counts[{row.column_text(0), row.column_text(2)}]; }));
    std::vector<BrokenReferences> broken;
    for (const auto& [tables, rows] : counts) broken.push_back({tables.first, tables.second, rows});
    return broken;
}

Result<std::vector<std::uint64_t>> reference_marks(sqlite::Connection& connection, const Watch& watch) {
    std::vector<std::uint64_t> marks;
    TRY(for_each_broken(connection, watch, [&](const sqlite::Statement& row) {
        ByteWriter identity;
        for (int column = 0; column < 4; ++column) identity.counted_text(row.column_text(column));
        std::uint64_t mark = 0;
        const auto hash = sha256(identity.view());
        for (const std::byte byte : hash.view().first(8)) mark = (mark << 8U) | std::to_integer<std::uint64_t>(byte);
        marks.push_back(mark);
    }));
    std::ranges::sort(marks);
    return marks;
}

}  // namespace holdfast::live
