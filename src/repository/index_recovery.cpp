#include "holdfast/base/limits.h"
#include "holdfast/repository/index_state.h"

namespace holdfast::repository {

namespace {

// Its bytes are damage to whoever reads the chunks; here it only means that nothing can be learned from it.
bool is_passed_over(ErrorCode code) { return code == ErrorCode::not_found || code == ErrorCode::corrupt; }

IndexEntry entry_of(const PackId& pack, std::uint32_t offset, const EntryHeader& header) {
    return {.id = header.id,
            .place = {.pack = pack, .offset = offset, .stored_size = header.stored_size()},
            .plain_size = header.plain_size,
            .type = header.type,
            .kind = header.kind,
            .bases = header.bases,
            .dictionary = header.dictionary};
}

std::optional<PackId> pack_in(const std::string& name) {
    const auto hash = Hash::from_hex(std::string_view(name).substr(name.rfind('/') + 1));
    if (!hash) return std::nullopt;
    return PackId{*hash};
}

}  // namespace

Result<void> read_packs(store::ObjectStore& store, const Watch& watch, const std::function<bool(const PackId&)>& wanted,
                        const std::function<void(const IndexEntry&)>& visit) {
    const auto objects = TRY(store.list("packs"));
    std::uint64_t done = 0;
    for (const auto& object : objects) {
        TRY(watch.go_on());
        watch.at({.phase = "reading packs", .done = done++, .total = objects.size(), .unit = "packs"});
        const auto pack = pack_in(object.name.text());
        if (!pack || !wanted(*pack)) continue;
        const auto bytes = store.get(object.name, limits::pack_size_max);
        if (!bytes && is_passed_over(bytes.error().code())) continue;
        if (!bytes) return bytes.error().copy();
        walk_pack(*bytes, {.entry = [&](std::uint32_t offset, const EntryHeader& header) {
                               visit(entry_of(*pack, offset, header));
                           },
                           .damage = {}});
    }
    return {};
}

Result<std::vector<IndexEntry>> index_from_packs(store::ObjectStore& store, const Watch& watch) {
    std::vector<IndexEntry> entries;
    TRY(read_packs(store, watch, [](const PackId&) { return true; },
                   [&](const IndexEntry& entry) { entries.push_back(entry); }));
    return entries;
}

Result<void> Index::recover() const {
    const std::lock_guard recovering(state_->recovery);
    const auto damaged_tables = [&] {
        const std::lock_guard lock(state_->mutex);
        return state_->damaged.size();
    };
    if (state_->recovered_at == damaged_tables()) return {};
    TRY(refresh());
    std::set<PackId> known;
    const auto tables = state_->look().tables;  // held: others may refresh meanwhile
    for (const auto& [id, table] : *tables) {
        auto read = table->for_each_pack([&](const PackId& pack) { known.insert(pack); });
        if (!read && read.error().code() != ErrorCode::not_found) TRY(state_->pass_over(id, std::move(read).error()));
    }
    const std::size_t damaged = damaged_tables();
    auto rows = std::make_shared<FoundRows>();
    TRY(read_packs(state_->store, {}, [&](const PackId& pack) { return damaged > 0 || !known.contains(pack); },
                   [&](const IndexEntry& entry) { rows->add(entry); }));
    const std::lock_guard lock(state_->mutex);
    state_->view.recovered = std::move(rows);
    state_->recovered_at = damaged;
    return {};
}

bool Index::has_recovered() const {
    const auto recovered = state_->look().recovered;
    return recovered && recovered->rows().size() > 0;
}

}  // namespace holdfast::repository
