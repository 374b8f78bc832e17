#include "holdfast/repository/prune_wait.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/lease.h"

namespace holdfast::repository {

namespace {

constexpr std::int64_t look_again_ms = 50;

Result<bool> is_patience_over(const Repository& repository, const store::ObjectName& name, std::int64_t seconds) {
    const auto status = repository.store().status(name);
    if (!status && status.error().code() == ErrorCode::not_found) return true;
    if (!status) return status.error().copy();
    return repository.host().clock.now().nanoseconds - status->written.nanoseconds >= seconds * nanoseconds_per_second;
}

// One look at one unfinished session. Empty: it has ended, by itself or by us.
Result<std::string> look_at_session(const Repository& repository, const PruneRequest& patience, SnapshotNumber number,
                                    std::uint64_t& voided) {
    auto& store = repository.store();
    const auto presence = read_claim(store, repository.keys(), number);
    if (!presence && presence.error().code() == ErrorCode::not_found) return std::string();
    if (!presence && presence.error().code() != ErrorCode::corrupt) return presence.error().copy();
    const Behind who = behind(presence);
    const bool is_over = who == Behind::nobody ||
                         (who == Behind::perhaps && TRY(is_patience_over(repository, claim_name(number), patience.void_after_s)));
    if (!is_over) return format("backup #{}: {}", number.value, describe(*presence));
    if (TRY(void_number(store, repository.keys(), repository.host().random, number))) ++voided;
    TRY(store.remove(claim_name(number)));
    return std::string();
}

}  // namespace

Result<WaitedFor> wait_for_sessions(const Repository& repository, const PruneRequest& patience, const Watch& watch) {
    auto& clock = repository.host().clock;
    const auto until_ns = clock.monotonic_ns() + patience.wait_s * nanoseconds_per_second;
    WaitedFor waited;
    std::optional<SnapshotNumber> mark;
    for (;;) {
        TRY(watch.go_on());
        const Ledger ledger = TRY(read_ledger(repository.store(), repository.keys()));
        if (!mark) mark = ledger.highest();
        waited.still_at_work.clear();
        for (const auto claim : ledger.claims) {
            if (claim > *mark || ledger.has_snapshot(claim)) continue;
            auto still = TRY(look_at_session(repository, patience, claim, waited.voided));
            if (!still.empty()) waited.still_at_work.push_back(std::move(still));
        }
        if (waited.still_at_work.empty() || clock.monotonic_ns() >= until_ns) return waited;
        watch.at({.phase = "waiting", .done = 0, .total = waited.still_at_work.size(), .unit = "backups"});
        clock.sleep_ms(look_again_ms);
    }
}

Result<void> remove_leftovers(const Repository& repository, const PruneRequest& patience) {
    auto& store = repository.store();
    std::vector<store::ObjectName> leftovers;
    const Ledger ledger = TRY(read_ledger(store, repository.keys()));
    for (const auto claim : ledger.claims) {
        // Decided, whether its owner knows it already or not.
        if (ledger.has_snapshot(claim) || ledger.gaps.numbers.contains(claim)) leftovers.push_back(claim_name(claim));
    }
    for (const auto& lease : TRY(read_leases(store, repository.keys()))) {
        const auto who = lease.number ? behind(lease.by) : Behind::nobody;
        const bool is_over = who == Behind::nobody ||
                             (who == Behind::perhaps && TRY(is_patience_over(repository, lease.name, patience.void_after_s)));
        if (is_over) leftovers.push_back(lease.name);
    }
    return store.remove_all(leftovers);
}

}  // namespace holdfast::repository
