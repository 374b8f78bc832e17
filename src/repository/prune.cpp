// The steps of a prune, in the order that docs/formats/repository.md, 11, shows to be safe.
#include "holdfast/repository/prune.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/note_folding.h"
#include "holdfast/repository/prune_plan.h"
#include "holdfast/repository/prune_survey.h"
#include "holdfast/repository/prune_wait.h"
#include "holdfast/repository/reserve.h"
#include "holdfast/repository/rewrite_packs.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

namespace {

class Pruning {
public:
    Pruning(Repository& repository, const PruneRequest& request, const Watch& watch)
        : repository_(repository), request_(request), watch_(watch), survey_(repository) {}

    Result<PruneReport> run() {
        TRY(choose_dropped());
        leases_ = TRY(read_leases(repository_.store(), repository_.keys()));
        TRY(look());
        const PrunePlan plan = plan_prune(survey_.packs(), survey_.chosen(), TRY(list_dictionaries(repository_.store())), request_.waste_max);
        report_plan(plan);
        if (request_.dry_run) return std::move(report_);
        const auto dead = ids_of(plan.dead), sources = ids_of(plan.rewrite);
        const auto rewritten = entries_in(plan.rewrite, survey_.chosen());
        report_.packs_removed = report_.packs_repacked = report_.bytes_freed = 0;

        const auto at_work = TRY(put_lease(repository_.store(), repository_.keys(), repository_.host().random, {.number = prune_lease},
                                           repository_.presence("prune")));
        auto done = [&]() -> Result<void> {
            TRY(drop_snapshots());
            const bool may_go_on = TRY(remove(dead, plan.dictionaries));
            if (may_go_on && !sources.empty()) TRY(rewrite(rewritten, sources));
            return tidy();
        }();
        auto removed = repository_.store().remove(at_work);
        if (!done) return std::move(done).error();
        if (!removed) return std::move(removed).error();
        return std::move(report_);
    }

private:
    Result<void> look() {
        return survey_.look({.dropped = dropped_, .leases = leases_, .here = condemned_, .own_lists = own_lists_}, watch_);
    }
    std::vector<PackId> ids_of(const std::vector<std::uint32_t>& packs) const {
        std::vector<PackId> ids;
        for (const auto i : packs) ids.push_back(survey_.packs()[i].id);
        return ids;
    }
    Result<void> choose_dropped();
    void report_dropped();
    void report_plan(const PrunePlan& plan);
    Result<void> drop_snapshots();
    Result<bool> remove(const std::vector<PackId>& packs, const std::vector<ChunkId>& dictionaries);
    Result<bool> remove_condemned(const std::vector<ChunkId>& dictionaries);
    Result<void> condemn(const std::vector<PackId>& packs, const std::vector<ChunkId>& dictionaries);
    Result<void> pardon();
    Result<void> drop_from_index(const std::unordered_set<PackId, NameHasher>& packs);
    Result<void> rewrite(const std::vector<Rewritten>& entries, const std::vector<PackId>& sources);
    Result<void> tidy();
    Result<void> remove_spent_lists();

    Repository& repository_;
    const PruneRequest& request_;
    const Watch& watch_;
    PruneReport report_;
    std::vector<SnapshotNumber> drop_;    // of those asked for: nobody holds them
    NumberSet dropped_;                   // the same
    std::vector<LeaseSeen> leases_;
    PruneSurvey survey_;
    Condemned condemned_;                 // by this prune, now
    std::vector<std::string> own_lists_;
};

// What is held, or in use, stays, whoever asked for it and whichever note came first: a hold and a forget may have been written at once.
Result<void> Pruning::choose_dropped() {
    drop_.clear();
    dropped_ = {};
    if (request_.drop.empty()) return {};
    const auto notes = TRY(repository_.notes());
    const auto in_use = TRY(repository_.kept_in_use());  // after the notes: see Repository::keep
    for (const auto number : request_.drop) {
        const auto at = notes.of.find(number);
        if ((at != notes.of.end() && at->second.held) || in_use.contains(number)) continue;
        drop_.push_back(number);
        dropped_.add(number);
    }
    return {};
}

void Pruning::report_dropped() {
    report_.dropped.clear();
    for (const auto number : drop_) {
        if (survey_.ledger().has_snapshot(number) && !survey_.ledger().gaps.numbers.contains(number)) report_.dropped.push_back(number);
    }
}

void Pruning::report_plan(const PrunePlan& plan) {
    report_dropped();
    report_.packs_removed = plan.dead.size() + plan.rewrite.size();
    report_.packs_repacked = plan.rewrite.size();
    report_.bytes_freed = plan.bytes_dead + plan.bytes_rewritten_from - plan.bytes_rewritten_to;
    report_.bytes_kept = plan.bytes_kept;
}

// The gap record is the moment at which they are gone; leases made before it are honoured, and whoever makes one after it
// sees it.
Result<void> Pruning::drop_snapshots() {
    auto& store = repository_.store();
    // Held since the first look: it counts as needed in the next, which comes before any pack is removed.
    TRY(choose_dropped());
    report_dropped();
    NumberSet gone = survey_.foldable();
    for (const auto number : drop_) {
        if (survey_.ledger().has_snapshot(number)) gone.add(number);
    }
    TRY(add_gap(store, repository_.keys(), repository_.host().random, gone));
    leases_ = TRY(read_leases(store, repository_.keys()));
    const Ledger ledger = TRY(read_ledger(store, repository_.keys()));
    std::vector<store::ObjectName> objects;
    for (const auto& kept : ledger.snapshots) {
        if (!ledger.gaps.numbers.contains(kept.number)) continue;
        const auto lease = std::ranges::find(leases_, kept.number, &LeaseSeen::number);
        if (lease != leases_.end()) {
            report_.waiting_for.push_back(format("a reader of backup #{}: {}", kept.number.value, describe(lease->by)));
            continue;
        }
        objects.push_back(snapshot_name(kept.number));
        objects.push_back(copy_name(snapshot_name(kept.number)));
    }
    return store.remove_all(objects);
}

// --- removing packs and dictionaries ---

// False: sessions at work may need them. Nothing is removed then, and nothing stays condemned.
Result<bool> Pruning::remove(const std::vector<PackId>& packs, const std::vector<ChunkId>& dictionaries) {
    if (packs.empty() && dictionaries.empty()) return true;
    auto removed = condemn(packs, dictionaries);
    auto went = removed ? remove_condemned(dictionaries) : Result<bool>(std::move(removed).error());
    auto pardoned = pardon();  // also what turned out to be needed, and everything after an error
    if (went && !pardoned) return std::move(pardoned).error();
    return went;
}

Result<void> Pruning::condemn(const std::vector<PackId>& packs, const std::vector<ChunkId>& dictionaries) {
    for (std::size_t at = 0; at == 0 || at < packs.size(); at += condemned_per_list_max) {
        const auto first = packs.begin() + static_cast<std::ptrdiff_t>(at);
        const auto count = std::min<std::ptrdiff_t>(condemned_per_list_max, packs.end() - first);
        CondemnedList list{.id = {}, .by = repository_.presence("prune"), .packs = {first, first + count}, .dictionaries = {}};
        if (at == 0) list.dictionaries.assign(dictionaries.begin(), dictionaries.end());
        TRY(put_condemned(repository_.store(), repository_.keys(), repository_.host().random, list));
        own_lists_.push_back(list.id);
        condemned_.add(list);
    }
    return {};
}

Result<void> Pruning::pardon() {
    std::vector<store::ObjectName> lists;
    for (const auto& id : own_lists_) lists.push_back(condemned_name(id));
    TRY(repository_.store().remove_all(lists));
    own_lists_.clear();
    condemned_ = {};
    return {};
}

Result<bool> Pruning::remove_condemned(const std::vector<ChunkId>& dictionaries) {
    auto& store = repository_.store();
    // A session that claimed its number before this look has ended after it; one that claims later reads the lists.
    auto waited = TRY(wait_for_sessions(repository_, request_, watch_));
    report_.sessions_voided += waited.voided;
    if (!waited.still_at_work.empty()) {
        for (const auto& pack : survey_.packs()) report_.bytes_waiting += condemned_.packs.contains(pack.id) ? pack.size : 0;
        report_.waiting_for.insert(report_.waiting_for.end(), waited.still_at_work.begin(), waited.still_at_work.end());
        return false;
    }
    TRY(look());
    // What was chosen may be known to this process alone so far: it must be in the index before others go.
    TRY(repository_.flush_index());
    std::unordered_set<PackId, NameHasher> gone;
    std::vector<store::ObjectName> objects;
    std::uint64_t bytes = 0;
    for (const auto& pack : survey_.packs()) {
        if (!condemned_.packs.contains(pack.id) || pack.live_bytes > 0) continue;
        gone.insert(pack.id);
        objects.push_back(pack_name(pack.id));
        bytes += pack.size;
    }
    for (const auto& dictionary : TRY(list_dictionaries(store))) {
        const bool is_condemned = std::ranges::find(dictionaries, dictionary.id) != dictionaries.end();
        if (!is_condemned || survey_.chosen().dictionaries.contains(dictionary.id)) continue;
        objects.push_back(dictionary_name(dictionary.id));
        objects.push_back(copy_name(dictionary_name(dictionary.id)));
        bytes += dictionary.bytes;
    }
    // Entries first, so that nobody is led to a pack that has gone; on a full disk the packs must go first.
    auto told = drop_from_index(gone);
    if (!told && told.error().code() != ErrorCode::full) return std::move(told).error();
    TRY(store.remove_all(objects));
    if (!told) TRY(drop_from_index(gone));
    report_.packs_removed += gone.size();
    report_.bytes_freed += bytes;
    return true;
}

// Packs put since they were listed are others' new ones: theirs stay in the index.
Result<void> Pruning::drop_from_index(const std::unordered_set<PackId, NameHasher>& packs) {
    std::unordered_map<PackId, bool, NameHasher> known;
    for (const auto& pack : survey_.packs()) known[pack.id] = packs.contains(pack.id);
    const auto is_gone = [&](const PackId& pack) -> Result<bool> {
        const auto at = known.find(pack);
        if (at != known.end()) return at->second;
        const auto status = repository_.store().status(pack_name(pack));
        if (!status && status.error().code() != ErrorCode::not_found) return status.error().copy();
        return known[pack] = !status.ok();
    };
    return repository_.rewrite_index(is_gone, IndexRewrite::when_it_changes);
}

// --- writing again ---

Result<void> Pruning::rewrite(const std::vector<Rewritten>& entries, const std::vector<PackId>& sources) {
    RewrittenPacks written;
    auto rewritten = rewrite_packs(repository_, {.entries = entries, .packs = sources}, watch_, written);
    if (rewritten) {
        report_.packs_repacked += sources.size();
        TRY(remove(sources, {}));
        report_.bytes_freed -= std::min(report_.bytes_freed, written.bytes);
        return {};
    }
    // What has been written so far is here twice now: it goes again, and the sources stay.
    auto removed = remove(written.packs, {});
    if (rewritten.error().code() != ErrorCode::full) return std::move(rewritten).error();
    if (!removed) return std::move(removed).error();
    return {};
}

Result<void> Pruning::tidy() {
    auto& store = repository_.store();
    TRY(fold_notes(repository_));
    PruneRequest without_waiting = request_;
    without_waiting.wait_s = 0;  // only to give up the numbers of those that died
    report_.sessions_voided += TRY(wait_for_sessions(repository_, without_waiting, watch_)).voided;
    TRY(remove_leftovers(repository_, request_));
    TRY(remove_spent_lists());
    if (survey_.index_was_incomplete()) {
        TRY(repository_.rewrite_index([](const PackId&) -> Result<bool> { return false; }, IndexRewrite::always));
    }
    // Everything that is needed was found: what the index says of packs that others have removed helps nobody.
    if (!TRY(repository_.missing_packs()).empty()) TRY(drop_from_index({}));
    const Ledger ledger = TRY(read_ledger(store, repository_.keys()));
    for (const auto& kept : ledger.snapshots) {
        if ((kept.has_name && kept.has_copy) || ledger.gaps.numbers.contains(kept.number)) continue;
        auto completed = complete_twins(store, repository_.keys(), kept.number);
        if (!completed) repository_.host().log.warning("backup #{} is kept only once: {}", kept.number.value, completed.error().text());
    }
    make_reserve(store, repository_.host().random);
    return {};
}

// Lists of prunes that died: once all that they name has gone they say nothing.
Result<void> Pruning::remove_spent_lists() {
    auto& store = repository_.store();
    const auto lists = TRY(read_condemned(store, repository_.keys()));
    const auto packs = TRY(list_packs(store, {}, {}));
    const auto dictionaries = TRY(list_dictionaries(store));
    report_.bytes_kept = 0;
    for (const auto& pack : packs) report_.bytes_kept += pack.size;
    for (const auto& list : lists) {
        const bool has_packs = std::ranges::any_of(list.packs, [&](const PackId& id) {
            return std::ranges::binary_search(packs, id, {}, &PackInStore::id);
        });
        const bool has_dictionaries = std::ranges::any_of(list.dictionaries, [&](const ChunkId& id) {
            return std::ranges::find(dictionaries, id, &DictionaryInStore::id) != dictionaries.end();
        });
        if (!has_packs && !has_dictionaries) TRY(store.remove(condemned_name(list.id)));
    }
    return {};
}

}  // namespace

Result<PruneReport> prune(Repository& repository, const PruneRequest& request, const Watch& watch) {
    // Another prune may remove what this one has seen and means to write again: then there is something new to look at.
    // Real damage stays, and each look at it reads a lot.
    constexpr int attempts_max = 10, attempts_at_damage_max = 3;
    for (int attempt = 1;; ++attempt) {
        TRY(repository.open_index());
        auto report = Pruning(repository, request, watch).run();
        const bool is_damage = !report && report.error().code() == ErrorCode::corrupt;
        const bool is_missing = !report && report.error().code() == ErrorCode::not_found;
        if ((!is_damage && !is_missing) || request.dry_run) return report;
        if (attempt < (is_damage ? attempts_at_damage_max : attempts_max)) continue;
        if (report.error().advice().empty()) return std::move(report).error().with_advice("try again when no other prune is at work; holdfast verify --all tells whether something is lost");
        return report;
    }
}

}  // namespace holdfast::repository
