#include <algorithm>
#include <iterator>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/repository/index_state.h"

namespace holdfast::repository {

namespace {

using Table = std::shared_ptr<const IndexTable>;

constexpr std::size_t tables_of_a_size_max = 4;

// Tables of one class differ in size by less than a factor of 8, so an entry is copied a few times for each factor of 8
// that the index grows, and there are at most four tables a class.
int class_of(const IndexTable& table) {
    int size_class = 0;
    for (std::uint64_t entries = table.entries(); entries >= 8; entries /= 8) ++size_class;
    return size_class;
}

// The smallest tables of the lowest class that has too many, as many as fit into one; none: nothing to merge.
std::vector<Table> next_to_merge(const std::map<TableId, Table>& tables, const std::map<TableId, Error>& damaged) {
    std::map<int, std::vector<Table>> classes;
    for (const auto& [id, table] : tables) {
        if (!damaged.contains(id)) classes[class_of(*table)].push_back(table);
    }
    for (auto& [size_class, members] : classes) {
        if (members.size() <= tables_of_a_size_max) continue;
        std::ranges::sort(members, {}, [](const Table& table) { return table->entries(); });
        std::uint64_t entries = 0;
        const auto end = std::ranges::find_if(members, [&](const Table& table) {
            entries += table->entries();
            return entries > table_entries_max;
        });
        members.erase(end, members.end());
        if (members.size() > 1) return members;
    }
    return {};
}

// The name is the hash of the bytes: one that exists is of another writer who has merged the same tables, or is damaged
// and the reason why there is a new one.
Result<void> put_named_by_hash(store::ObjectStore& store, const BuiltTable& table) {
    constexpr int attempts_max = 8;  // each failure means that another writer has put it and merged it away again
    const store::ObjectName name = table_name(table.id);
    for (int attempt = 1;; ++attempt) {
        auto put = store.put_if_absent(name, table.bytes);
        if (put || put.error().code() != ErrorCode::exists || attempt == attempts_max) return put;
        const auto there = store.get(name, table.bytes.size());
        if (there && *there == table.bytes) return {};
        const auto code = there ? ErrorCode::corrupt : there.error().code();
        if (code == ErrorCode::corrupt) TRY(store.remove(name));
        else if (code != ErrorCode::not_found) return there.error().copy();
    }
}

}  // namespace

Result<Index::State::Put> Index::State::put_tables(const IndexRows& rows, host::Random& random) {
    const auto order = rows.table_order();
    Put put;
    for (std::span rest(order); !rest.empty();) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), table_entries_max));
        rest = rest.subspan(part.size());
        const BuiltTable table = TRY(build_table(rows, part, keys, random));
        TRY(put_named_by_hash(store, table));
        put.ids.insert(table.id);
        put.bytes += table.bytes.size();
    }
    return put;
}

Result<void> Index::State::show(const std::set<TableId>& come, const std::set<TableId>& gone) {
    Tables opened;
    for (const TableId& id : come) {
        auto table = IndexTable::open(store, keys, id, cache);
        if (!table && table.error().code() == ErrorCode::not_found) {
            // Another writer has merged it already: what it held is in a table that is listed.
            std::set<TableId> listed;
            return refresh(listed);
        }
        opened.emplace(id, TRY(std::move(table)));
    }
    const std::lock_guard lock(mutex);
    auto now = std::make_shared<Tables>(*view.tables);
    for (const TableId& id : gone) now->erase(id);
    now->merge(opened);
    view.tables = std::move(now);
    return {};
}

Result<std::uint64_t> Index::State::merge_small(host::Random& random) {
    std::uint64_t bytes = 0;
    while (is_merging) {
        std::vector<Table> tables;
        {
            const std::lock_guard lock(mutex);
            tables = next_to_merge(*view.tables, damaged);
        }
        if (tables.empty()) break;
        bytes += TRY(merge(tables, random));
    }
    return bytes;
}

Result<std::uint64_t> Index::State::merge(const std::vector<Table>& tables, host::Random& random) {
    IndexRows rows;
    for (const Table& table : tables) {
        auto read = table->for_each([&](const IndexEntry& entry) -> Result<void> {
            rows.add(entry);
            return {};
        });
        if (read) continue;
        if (read.error().code() != ErrorCode::not_found) TRY(pass_over(table->id(), std::move(read).error()));
        // Somebody else is merging the same tables, or one is damaged: what was listed is no longer right.
        std::set<TableId> listed;
        TRY(refresh(listed));
        return std::uint64_t{0};
    }
    const Put put = TRY(put_tables(rows, random));
    std::set<TableId> gone;
    for (const Table& table : tables) {
        if (!put.ids.contains(table->id())) gone.insert(table->id());  // it may come out equal to one of them
    }
    TRY(show(put.ids, gone));
    for (const TableId& id : gone) {
        // Tables that stay although they were merged cost space and nothing else.
        if (!store.remove(table_name(id))) is_merging = false;
    }
    return put.bytes;
}

Result<std::uint64_t> Index::flush(host::Random& random) {
    std::shared_ptr<FoundRows> rows;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->added->rows().empty()) return std::uint64_t{0};
        rows = std::exchange(state_->added, std::make_shared<FoundRows>());
        state_->view.flushing = rows;
    }
    auto put = state_->put_tables(rows->rows(), random);
    auto shown = put ? state_->show(put->ids, {}) : Result<void>(put.error().copy());
    {
        const std::lock_guard lock(state_->mutex);
        state_->view.flushing.reset();
        if (!shown) {
            const auto came_since = std::exchange(state_->added, std::move(rows));
            for (std::size_t i = 0; i < came_since->rows().size(); ++i) state_->added->add(came_since->rows().entry(i));
        }
    }
    TRY(std::move(shown));
    rows.reset();
    return put->bytes + TRY(state_->merge_small(random));
}

Result<void> Index::replace_all(std::vector<IndexEntry> entries, host::Random& random) {
    IndexRows rows;
    for (const auto& entry : entries) rows.add(entry);
    entries = {};
    const State::Put put = TRY(state_->put_tables(rows, random));
    std::set<TableId> gone;
    {
        const std::lock_guard lock(state_->mutex);
        std::ranges::set_difference(state_->replaceable, put.ids, std::inserter(gone, gone.end()));
    }
    TRY(state_->show(put.ids, gone));
    for (const TableId& id : gone) TRY(state_->store.remove(table_name(id)));
    const std::lock_guard lock(state_->mutex);
    for (const TableId& id : state_->replaceable) state_->damaged.erase(id);
    state_->replaceable = put.ids;
    state_->view.recovered.reset();
    return {};
}

}  // namespace holdfast::repository
