#include "holdfast/repository/prune_survey.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/snapshot_scan.h"

namespace holdfast::repository {

namespace {

constexpr const char* forget_damaged = "holdfast verify --all tells which backups are damaged; forget those to go on";

// What cannot be found is damage here; a store that cannot be reached is not.
Error as_damage(Error why) {
    const bool is_damage = why.code() == ErrorCode::not_found || why.code() == ErrorCode::corrupt;
    if (!is_damage) return std::move(why).while_doing("prune");
    return std::move(why).while_doing("prune").with_code(ErrorCode::corrupt).with_advice(forget_damaged);
}

}  // namespace

Result<void> PruneSurvey::list(const Question& question) {
    auto& store = repository_.store();
    Condemned others;
    other_lists_.clear();
    for (auto& list : TRY(read_condemned(store, repository_.keys()))) {
        if (std::ranges::find(question.own_lists, list.id) != question.own_lists.end()) continue;
        others.add(list);
        other_lists_.push_back(std::move(list));
    }
    TRY(repository_.refresh_index());
    packs_ = TRY(list_packs(store, question.here, others));
    return {};
}

Result<void> PruneSurvey::choose() {
    const Proves proves = [&](const IndexEntry& entry) -> Result<bool> {
        const auto read = repository_.chunks().read_entry(entry);
        const auto code = read ? ErrorCode::corrupt : read.error().code();
        if (code != ErrorCode::corrupt && code != ErrorCode::not_found) return read.error().copy();
        return read.ok();
    };
    chosen_ = TRY(choose_entries(repository_.index(), live_, packs_, proves));
    return {};
}

Result<void> PruneSurvey::look(const Question& question, const Watch& watch) {
    TRY(list(question));
    ledger_ = TRY(read_ledger(repository_.store(), repository_.keys()));
    TRY(read_snapshots(question, watch));
    TRY(choose());
    if (!chosen_.missing.empty()) {
        // Of a backup that was committed after the packs were listed, they are there now; else the index lacks some.
        TRY(list(question));
        TRY(repository_.index().recover());
        TRY(choose());
    }
    index_was_incomplete_ = index_was_incomplete_ || repository_.index().has_recovered();
    if (chosen_.missing.empty()) return {};
    return fail(ErrorCode::corrupt, "prune: {} chunks that backups need are in no pack, {} among them", chosen_.missing.size(),
                chosen_.missing.front().hex())
        .with_advice(forget_damaged);
}

Result<void> PruneSurvey::read_snapshots(const Question& question, const Watch& watch) {
    const auto is_leased = [&](SnapshotNumber number) {
        return std::ranges::any_of(question.leases, [&](const LeaseSeen& lease) { return lease.number == number; });
    };
    std::vector<SnapshotNumber> unread;
    for (const auto& kept : ledger_.snapshots) {
        const bool is_gone = ledger_.gaps.numbers.contains(kept.number) && !is_leased(kept.number);
        if (!read_.contains(kept.number) && !is_gone) unread.push_back(kept.number);
    }
    std::uint64_t done = 0;
    TRY(scan_snapshots(repository_, unread, [&](SnapshotNumber number, Result<Snapshot> snapshot) -> Result<void> {
        TRY(watch.go_on());
        watch.at({.phase = "reading backups", .done = done++, .total = unread.size(), .unit = "backups"});
        // One that is dropped needs nothing, but may know of numbers that were left unfinished.
        const bool is_dropped = question.dropped.contains(number) && !is_leased(number);
        // Gone since it was listed: another prune has dropped it.
        if (!snapshot && (is_dropped || snapshot.error().code() == ErrorCode::not_found)) return {};
        if (!snapshot) return as_damage(std::move(snapshot).error().while_doing(format("backup #{}", number.value)));
        for (const auto lower : snapshot->unfinished) unfinished_.add(lower);
        if (snapshot->kind == SnapshotKind::voided) voided_.add(number);
        if (is_dropped) return {};  // not noted as read: a lease may still turn up
        read_.add(number);
        if (snapshot->kind == SnapshotKind::voided) return {};
        auto added = live_.add(*snapshot);
        if (!added) return as_damage(std::move(added).error());
        return {};
    }));
    foldable_ = {};
    const auto fold = [&](const NumberSet& numbers, auto is_foldable) {
        for (const auto& [first, last] : numbers.ranges()) {
            for (SnapshotNumber number{first}; number.value <= last; ++number.value) {
                if (!ledger_.has_claim(number) && is_foldable(number)) foldable_.add(number);
            }
        }
    };
    fold(voided_, [](SnapshotNumber) { return true; });
    fold(unfinished_, [&](SnapshotNumber number) { return !ledger_.has_snapshot(number); });
    return {};
}

}  // namespace holdfast::repository
