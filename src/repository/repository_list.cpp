// What a repository holds: numbers, snapshots, and holes that nothing explains.
#include <algorithm>
#include <ranges>

#include "holdfast/base/text.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/snapshot_scan.h"

namespace holdfast::repository {

namespace {

std::string neighbours_of(SnapshotNumber number, const std::vector<SnapshotNumber>& numbers) {
    const auto after = std::ranges::upper_bound(numbers, number);
    std::vector<std::string> near;
    if (after != numbers.begin()) near.push_back(format("#{}", std::prev(after)->value));
    if (after != numbers.end()) near.push_back(format("#{}", after->value));
    if (near.empty()) return "there are no backups yet";
    return near.size() == 1 ? format("the nearest is {}", near[0]) : format("the nearest are {} and {}", near[0], near[1]);
}

// Tells of runs of numbers that are neither present, nor in a gap, nor claimed, nor known to have been left unfinished.
void report_holes(const Ledger& ledger, const NumberSet& explained, SnapshotListing& listing) {
    NumberSet known = explained;
    known.add_all(ledger.gaps.numbers);
    for (const auto& kept : ledger.snapshots) known.add(kept.number);
    for (const auto claim : ledger.claims) known.add(claim);
    std::uint64_t expected = 1;
    for (const auto& [first, last] : known.ranges()) {
        if (first > expected) {
            auto missing = first - expected == 1 ? format("backup #{} is missing", expected)
                                                 : format("backups #{} to #{} are missing", expected, first - 1);
            listing.damaged.emplace(SnapshotNumber{expected},
                                    fail(ErrorCode::corrupt, "list backups: {}, and nothing says why", missing));
        }
        expected = last + 1;
    }
}

}  // namespace

Result<std::vector<SnapshotNumber>> Repository::numbers() const { return TRY(look_at_ledger()).numbers(); }

// By the object's own name: were all of them listed for each, a look at many would cost their number squared. The gaps
// come after it, as a prune writes the gap before it removes.
Result<Snapshot> Repository::snapshot(SnapshotNumber number) const {
    auto snapshot = number.value == 0 ? Result<Snapshot>(fail(ErrorCode::not_found, "no snapshot"))
                                      : read_snapshot(store(), keys(), number);
    const bool is_there = snapshot ? snapshot->kind != SnapshotKind::voided : snapshot.error().code() != ErrorCode::not_found;
    const bool is_dropped = TRY(read_gaps(store(), keys())).numbers.contains(number);
    if (is_there && !is_dropped) return snapshot;
    return fail(ErrorCode::not_found, "there is no backup #{}: {}", number.value, neighbours_of(number, TRY(numbers())))
        .with_advice("holdfast list --forgotten");
}

Result<SnapshotListing> Repository::list() const {
    const Ledger ledger = TRY(read_ledger(store(), keys()));
    SnapshotListing listing;
    listing.highest = ledger.highest();
    NumberSet unfinished;
    TRY(scan_snapshots(*this, ledger.numbers(), [&](SnapshotNumber number, Result<Snapshot> snapshot) -> Result<void> {
        if (!snapshot) {
            // Gone since the names were read: a prune was quicker.
            if (snapshot.error().code() != ErrorCode::not_found) listing.damaged.emplace(number, std::move(snapshot).error());
            return {};
        }
        for (const auto lower : snapshot->unfinished) unfinished.add(lower);
        if (snapshot->kind == SnapshotKind::voided) return {};
        for (auto* entries : {&snapshot->members, &snapshot->companions})
            for (auto& entry : *entries) entry.root_node.reset();
        listing.snapshots.push_back(*std::move(snapshot));
        return {};
    }));
    report_holes(ledger, unfinished, listing);
    return listing;
}

Result<std::optional<Snapshot>> Repository::newest(const std::function<bool(const Snapshot&)>& wanted) const {
    const auto numbers = TRY(this->numbers());
    for (const auto number : numbers | std::views::reverse) {
        auto snapshot = read_snapshot(store(), keys(), number);
        if (!snapshot) {
            const auto code = snapshot.error().code();
            if (code == ErrorCode::corrupt || code == ErrorCode::not_found) continue;
            return std::move(snapshot).error();
        }
        if (snapshot->kind != SnapshotKind::voided && wanted(*snapshot)) return std::optional(*std::move(snapshot));
    }
    return std::optional<Snapshot>();
}

}  // namespace holdfast::repository
