#include "holdfast/repository/index.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/index_state.h"

namespace holdfast::repository {

namespace {

// Tables come and go while others merge; more often in a row than this somebody is at fault.
constexpr int tries_max = 8;

bool is_about_bytes(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::too_new || code == ErrorCode::denied;
}

// Best first, and each place once: after a merge an entry may stand in two tables.
void put_in_order(std::vector<IndexEntry>& entries) {
    const auto rank = [](const IndexEntry& entry) {
        return std::tuple(!stands_alone(entry.kind), entry.place.pack, entry.place.offset);
    };
    std::ranges::sort(entries, {}, rank);
    const auto same = [](const IndexEntry& a, const IndexEntry& b) {
        return a.place.pack == b.place.pack && a.place.offset == b.place.offset;
    };
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

Error keeps_changing() {
    return fail(ErrorCode::busy, "read index: its tables are replaced faster than they can be read");
}

}  // namespace

Result<void> Index::State::pass_over(TableId id, Error why) {
    if (!is_about_bytes(why.code())) return why;
    const std::lock_guard lock(mutex);
    damaged.try_emplace(id, std::move(why).while_doing(table_name(id).text()));
    return {};
}

Result<std::set<TableId>> Index::State::list_tables() const {
    std::set<TableId> ids;
    for (const auto& object : TRY(store.list("index"))) {
        const std::string& name = object.name.text();
        if (auto hash = Hash::from_hex(std::string_view(name).substr(name.find('/') + 1))) ids.insert(TableId{*hash});
    }
    return ids;
}

Result<void> Index::State::refresh(std::set<TableId>& listed) {
    listed = TRY(list_tables());
    const auto before = look().tables;
    auto now = std::make_shared<Tables>();
    for (const TableId& id : listed) {
        if (const auto known = before->find(id); known != before->end()) {
            now->insert(*known);
            continue;
        }
        auto table = IndexTable::open(store, keys, id, cache);
        if (table) now->emplace(id, std::move(table).value());
        else if (table.error().code() != ErrorCode::not_found) TRY(pass_over(id, std::move(table).error()));
    }
    const std::lock_guard lock(mutex);
    view.tables = std::move(now);
    return {};
}

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(store::ObjectStore& store, const Keys& keys) {
    auto state = std::make_unique<State>(store, keys);
    std::set<TableId> listed;
    TRY(state->refresh(listed));
    state->replaceable = std::move(listed);
    return std::make_unique<Index>(std::move(state));
}

Result<void> Index::refresh() const {
    std::set<TableId> listed;
    return state_->refresh(listed);
}

Result<std::vector<IndexEntry>> Index::find(const ChunkId& id) const {
    for (int tries = 0; tries < tries_max; ++tries) {
        std::vector<IndexEntry> found;
        State::View view;
        {
            const std::lock_guard lock(state_->mutex);
            view = state_->view;
            state_->added->find(id, found);
        }
        if (view.flushing) view.flushing->find(id, found);
        if (view.recovered) view.recovered->find(id, found);
        bool gone = false;
        for (const auto& [table_id, table] : *view.tables) {
            auto looked = table->find(id, found);
            if (looked) continue;
            if (looked.error().code() == ErrorCode::not_found) gone = true;
            else TRY(state_->pass_over(table_id, std::move(looked).error()));
        }
        if (!gone) {
            put_in_order(found);
            return found;
        }
        TRY(refresh());
    }
    return keeps_changing();
}

Result<void> Index::for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const {
    std::vector<std::shared_ptr<const FoundRows>> loose;
    {
        const std::lock_guard lock(state_->mutex);
        loose = {std::make_shared<const FoundRows>(*state_->added), state_->view.flushing, state_->view.recovered};
    }
    for (const auto& rows : loose) {
        for (std::size_t i = 0; rows && i < rows->rows().size(); ++i) TRY(visit(rows->rows().entry(i)));
    }
    std::set<TableId> read;
    for (int tries = 0; tries < tries_max; ++tries) {
        bool gone = false;
        const auto tables = state_->look().tables;
        for (const auto& [id, table] : *tables) {
            if (gone || read.contains(id)) continue;
            std::optional<Error> stopped;  // the visitor's own error is not the table's
            auto walked = table->for_each([&](const IndexEntry& entry) -> Result<void> {
                auto visited = visit(entry);
                if (!visited) stopped = visited.error().copy();
                return visited;
            });
            if (stopped) return std::move(*stopped);
            if (walked) read.insert(id);
            else if (walked.error().code() == ErrorCode::not_found) gone = true;
            else TRY(state_->pass_over(id, std::move(walked).error()));
        }
        if (!gone) {
            const std::lock_guard lock(state_->mutex);
            state_->replaceable = std::move(read);
            return {};
        }
        TRY(refresh());
    }
    return keeps_changing();
}

Result<void> Index::for_each_pack(const std::function<void(const PackId&)>& visit) const {
    const auto tables = state_->look().tables;
    for (const auto& [id, table] : *tables) {
        auto walked = table->for_each_pack(visit);
        if (!walked && walked.error().code() != ErrorCode::not_found) TRY(state_->pass_over(id, std::move(walked).error()));
    }
    return {};
}

std::vector<Error> Index::damage() const {
    const std::lock_guard lock(state_->mutex);
    std::vector<Error> errors;
    for (const auto& [id, why] : state_->damaged) errors.push_back(why.copy());
    return errors;
}

void Index::add(IndexEntry entry) {
    const std::lock_guard lock(state_->mutex);
    state_->added->add(entry);
}

}  // namespace holdfast::repository
