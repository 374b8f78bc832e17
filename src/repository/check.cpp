#include "holdfast/repository/check.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/check_chunks.h"
#include "holdfast/repository/check_objects.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/live_chunks.h"
#include "holdfast/repository/snapshot_scan.h"

namespace holdfast::repository {

namespace {

class Checking {
public:
    Checking(Repository& repository, const CheckRequest& request, const Watch& watch)
        : repository_(repository), request_(request), watch_(watch), trees_(repository.chunks()) {}

    Result<CheckReport> run() {
        const bool is_whole = request_.snapshots.empty();
        ledger_ = TRY(read_ledger(repository_.store(), repository_.keys()));
        TRY(is_whole ? choose_all() : choose_some());
        TRY(read_trees());
        LiveChunks elsewhere(repository_.chunks());
        const bool some_listed_only = TRY(add_listed_only(elsewhere));
        const ChunkCheck chunks{.repository = repository_, .trees = trees_, .report = report_, .watch = watch_, .listed_only = some_listed_only ? &elsewhere : nullptr};
        const auto listed = TRY(check_listed(chunks));
        if (is_whole) TRY(check_all_objects(listed.chosen));
        if (request_.level != VerifyLevel::listed) {
            TRY(check_hashed(chunks, listed, is_whole ? ReadPacks::whole : ReadPacks::needed_entries));
        }
        TRY(report_ranges());
        report_.snapshots = numbers_.size();
        return std::move(report_);
    }

private:
    Result<void> choose_all();
    Result<void> choose_some();
    Result<void> read_trees();
    Result<bool> add_listed_only(LiveChunks& chunks) const;
    Result<void> check_all_objects(const ChosenEntries& chosen);
    Result<void> report_ranges();
    void tell_lost(SnapshotNumber number, const Error& why) {
        report_.ranges.push_back({.snapshot = number, .member = {}, .object = snapshot_name(number).text(), .why = why.message()});
    }

    Repository& repository_;
    const CheckRequest& request_;
    const Watch& watch_;
    Ledger ledger_;
    CheckedTrees trees_;
    CheckReport report_;
    std::vector<SnapshotNumber> numbers_;
};

// What of a number that is missing without a reason cannot be told: only that it is.
Result<void> Checking::choose_all() {
    const auto listing = TRY(repository_.list());
    for (const auto& snapshot : listing.snapshots) numbers_.push_back(snapshot.number);
    for (const auto& [number, why] : listing.damaged) {
        tell_lost(number, why);
        if (!ledger_.has_snapshot(number)) report_.objects.push_back({snapshot_name(number).text(), why.message(), false});
    }
    return {};
}

Result<void> Checking::choose_some() {
    for (const auto number : request_.snapshots) {
        auto snapshot = repository_.snapshot(number);
        if (!snapshot && snapshot.error().code() == ErrorCode::not_found && request_.may_be_gone) continue;
        if (!snapshot && snapshot.error().code() != ErrorCode::corrupt) return std::move(snapshot).error();
        if (snapshot) numbers_.push_back(number);
        else tell_lost(number, snapshot.error());
        if (!ledger_.has_claim(number)) TRY(check_snapshot_objects(repository_, number, report_));
    }
    return {};
}

Result<void> Checking::read_trees() {
    std::uint64_t done = 0;
    return scan_snapshots(repository_, numbers_, [&](SnapshotNumber number, Result<Snapshot> snapshot) -> Result<void> {
        TRY(watch_.go_on());
        watch_.at({.phase = "reading backups", .done = done++, .total = numbers_.size(), .unit = "backups"});
        if (!snapshot && snapshot.error().code() == ErrorCode::not_found) return {};  // pruned just now
        if (snapshot) return trees_.add(*snapshot);
        tell_lost(number, snapshot.error());
        return {};
    });
}

// False: nothing is known of that snapshot's chunks, or nobody asked.
Result<bool> Checking::add_listed_only(LiveChunks& chunks) const {
    if (!request_.listed_if_in) return false;
    const auto is_lost = [](const Error& error) { return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found; };
    const auto snapshot = repository_.snapshot(*request_.listed_if_in);
    if (!snapshot) return is_lost(snapshot.error()) ? Result<bool>(false) : snapshot.error().copy();
    const auto added = chunks.add(*snapshot);
    if (!added && !is_lost(added.error())) return added.error().copy();
    return added.ok();
}

Result<void> Checking::check_all_objects(const ChosenEntries& chosen) {
    Unfinished unfinished{.claimed = ledger_.claims};
    for (const auto& lease : TRY(read_leases(repository_.store(), repository_.keys()))) {
        if (lease.number == prune_lease) unfinished.by_prune = true;
    }
    auto gaps = TRY(read_gaps(repository_.store(), repository_.keys()));
    // Listed now: what has gone since was pruned, and is no damage.
    return check_objects(repository_,
                         {.objects = TRY(repository_.store().list("")),
                          .read_tables = request_.level != VerifyLevel::listed,
                          .gaps = std::move(gaps.numbers),
                          .dictionaries = chosen.dictionaries,
                          .unfinished = std::move(unfinished)},
                         watch_, report_);
}

Result<void> Checking::report_ranges() {
    if (!trees_.any_bad()) return {};
    TRY(trees_.find_dirty());
    return scan_snapshots(repository_, numbers_, [&](SnapshotNumber, Result<Snapshot> snapshot) -> Result<void> {
        return snapshot ? trees_.report(*snapshot, report_.ranges) : Result<void>();
    });
}

}  // namespace

Result<CheckReport> check(Repository& repository, const CheckRequest& request, const Watch& watch) {
    HOLDFAST_ASSERT(repository.options().pool != nullptr);
    TRY(repository.open_index());
    return Checking(repository, request, watch).run();
}

}  // namespace holdfast::repository
