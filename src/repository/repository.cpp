#include "holdfast/repository/repository.h"

#include <atomic>
#include <map>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/reserve.h"

namespace holdfast::repository {

struct Repository::State {
    State(store::ObjectStore& in, host::Host on, RepositoryOptions how, OpenedConfig opened)
        : store(in), host(on), options(std::move(how)), config(opened.config), keys(std::move(opened.keys)) {}

    store::ObjectStore& store;
    host::Host host;
    RepositoryOptions options;
    Config config;
    Keys keys;
    const host::ProcessIdentity process = host::this_process();

    std::mutex mutex;  // guards opening; what has been opened stays
    std::unique_ptr<Index> index;
    std::unique_ptr<ChunkReader> chunks;
    std::atomic<bool> is_open = false;

    std::mutex ledger_mutex;  // guards ledger_seen
    std::optional<Ledger> ledger_seen;

    std::mutex flushing;  // held while a table is put: a second flush waits until what it has to give is durable
};

Repository::Repository(std::unique_ptr<State> state) : state_(std::move(state)) {}
Repository::~Repository() = default;

Result<Config> Repository::create(store::ObjectStore& store, host::Host host, const Unlock& unlock,
                                  const NewRepository& how) {
    const Config config = TRY(create_config(store, host, unlock, how));
    make_reserve(store, host.random);
    return config;
}

Result<std::unique_ptr<Repository>> Repository::open(store::ObjectStore& store, host::Host host,
                                                     RepositoryOptions options) {
    auto opened = TRY(open_config(store, options.unlock));
    options.unlock = {};  // wiped; the keys are all that is needed from here on
    return std::unique_ptr<Repository>(
        new Repository(std::make_unique<State>(store, host, std::move(options), std::move(opened))));
}

const Config& Repository::config() const { return state_->config; }
const Keys& Repository::keys() const { return state_->keys; }
store::ObjectStore& Repository::store() const { return state_->store; }
host::Host Repository::host() const { return state_->host; }
const RepositoryOptions& Repository::options() const { return state_->options; }

Result<void> Repository::open_index() const {
    const std::lock_guard lock(state_->mutex);
    if (state_->is_open) return {};
    state_->index = TRY(Index::open(state_->store, state_->keys));
    state_->chunks = std::make_unique<ChunkReader>(state_->store, state_->keys, *state_->index);
    state_->is_open = true;
    return {};
}

Result<void> Repository::refresh_index() const {
    const bool was_open = state_->is_open;
    TRY(open_index());
    return was_open ? state_->index->refresh() : Result<void>();
}

Result<std::uint64_t> Repository::flush_index() const {
    TRY(open_index());
    const std::lock_guard lock(state_->flushing);
    return state_->index->flush(state_->host.random);
}

Result<void> Repository::rewrite_index(const std::function<Result<bool>(const PackId&)>& is_gone, IndexRewrite when) const {
    TRY(open_index());
    const std::lock_guard lock(state_->flushing);
    std::vector<IndexEntry> entries;
    std::uint64_t seen = 0;
    TRY(state_->index->for_each([&](const IndexEntry& entry) -> Result<void> {
        ++seen;
        if (!TRY(is_gone(entry.place.pack))) entries.push_back(entry);
        return {};
    }));
    if (entries.size() == seen && when == IndexRewrite::when_it_changes) return {};
    return state_->index->replace_all(std::move(entries), state_->host.random);
}

Result<std::vector<PackId>> Repository::missing_packs() const {
    TRY(refresh_index());
    // As their folders have them: by the first byte.
    std::map<std::byte, std::unordered_set<PackId, NameHasher>> groups;
    TRY(index().for_each_pack([&](const PackId& pack) { groups[pack.hash.bytes[0]].insert(pack); }));
    std::vector<PackId> missing;
    for (auto& [first_byte, packs] : groups) {
        const std::string one = pack_name(*packs.begin()).text();
        for (const auto& name : TRY(store().names_in(std::string_view(one).substr(0, one.rfind('/'))))) {
            const auto hash = Hash::from_hex(std::string_view(name.text()).substr(name.text().rfind('/') + 1));
            if (hash) packs.erase(PackId{*hash});
        }
        missing.insert(missing.end(), packs.begin(), packs.end());
    }
    return missing;
}

Result<Ledger> Repository::look_at_ledger() const {
    Ledger ledger = TRY(read_ledger(store(), keys()));
    const std::lock_guard lock(state_->ledger_mutex);
    state_->ledger_seen = ledger;
    return ledger;
}

std::optional<Ledger> Repository::take_ledger_seen() const {
    const std::lock_guard lock(state_->ledger_mutex);
    return std::exchange(state_->ledger_seen, std::nullopt);
}

Index& Repository::index() const {
    HOLDFAST_ASSERT(state_->is_open);
    return *state_->index;
}

const ChunkReader& Repository::chunks() const {
    HOLDFAST_ASSERT(state_->is_open);
    return *state_->chunks;
}

Result<std::unique_ptr<ContentReader>> Repository::open_content(const DirectoryEntry& entry) const {
    TRY(open_index());
    std::vector<Bytes> root_nodes;
    if (entry.root_node) root_nodes.push_back(*entry.root_node);
    return std::make_unique<ContentReader>(chunks(), entry.content, std::move(root_nodes));
}

Result<void> Repository::put_with_reserve(const store::ObjectName& name, ByteView bytes) const {
    return with_reserve(state_->store, state_->host.random, [&] { return state_->store.put_if_absent(name, bytes); });
}

Presence Repository::presence(std::string purpose) const {
    return {.process = state_->process, .since = state_->host.clock.now(), .purpose = std::move(purpose)};
}

// --- leases ---

namespace {

class LeaseObject final : public Repository::Lease {
public:
    LeaseObject(store::ObjectStore& store, store::ObjectName name) : store_(store), name_(std::move(name)) {}
    ~LeaseObject() override { static_cast<void>(store_.remove_fleeting(name_)); }

private:
    store::ObjectStore& store_;
    store::ObjectName name_;
};

}  // namespace

Result<std::unique_ptr<Repository::Lease>> Repository::keep(SnapshotNumber number, std::string purpose) const {
    const auto by = presence(std::move(purpose));
    auto name = TRY(put_lease(state_->store, state_->keys, state_->host.random, {.number = number, .keeps_snapshot = true}, by));
    std::unique_ptr<Lease> lease = std::make_unique<LeaseObject>(state_->store, std::move(name));
    // Only now: who forgets or drops it from here on looks at the leases after the notes, and sees this one.
    const auto notes = TRY(this->notes());
    const auto at = notes.of.find(number);
    const bool is_forgotten = at != notes.of.end() && at->second.forgotten;
    const Ledger ledger = TRY(read_ledger(state_->store, state_->keys));
    if (!is_forgotten && ledger.has_snapshot(number) && !ledger.gaps.numbers.contains(number)) return lease;
    return fail(ErrorCode::not_found, "keep backup #{} for a {}: it has been forgotten meanwhile", number.value, by.purpose)
        .with_advice("run it again; holdfast list");
}

Result<std::map<SnapshotNumber, std::string>> Repository::kept_in_use() const {
    std::map<SnapshotNumber, std::string> kept;
    for (const auto& lease : TRY(read_leases(state_->store, state_->keys))) {
        if (lease.number && lease.keeps_snapshot && behind(lease.by) != Behind::nobody) kept.emplace(*lease.number, describe(lease.by));
    }
    return kept;
}

Result<std::unique_ptr<Repository::Lease>> Repository::lease(SnapshotNumber number) const {
    auto name = put_lease(state_->store, state_->keys, state_->host.random, {.number = number}, presence("reading"));
    std::unique_ptr<Lease> lease;
    if (name) {
        lease = std::make_unique<LeaseObject>(state_->store, *std::move(name));
    } else {
        state_->host.log.warning("backup #{} is read without telling others; a prune at the same time could remove it: {}", number.value,
                                  name.error().message());
    }
    // Only now: a prune that dropped the snapshot before the lease could be seen has written its gap already.
    const Ledger ledger = TRY(read_ledger(state_->store, state_->keys));
    if (ledger.has_snapshot(number) && !ledger.gaps.numbers.contains(number)) return lease;
    return fail(ErrorCode::not_found, "read backup #{}: it has been pruned", number.value).with_advice("holdfast list");
}

}  // namespace holdfast::repository
