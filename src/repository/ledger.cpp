#include "holdfast/repository/ledger.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/reserve.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

namespace {

constexpr int attempts_max = 100;  // each failure means that somebody else went on

store::ObjectName gap_name(std::uint64_t record) { return store::ObjectName(format("gaps/{}", record).c_str()); }

// The records of a listing; not_found when one of them was folded away meanwhile.
Result<Gaps> read_listed_gaps(store::ObjectStore& store, const Keys& keys) {
    Gaps gaps;
    for (const auto& name : TRY(store.names_in("gaps"))) {
        const auto numbered = parse_numbered(name);
        if (numbered) gaps.records.push_back(numbered->number.value);
    }
    std::ranges::sort(gaps.records);
    gaps.is_last_twofold = gaps.records.size() > 1 && gaps.records.back() == gaps.records[gaps.records.size() - 2];
    const auto repeated = std::ranges::unique(gaps.records);
    gaps.records.erase(repeated.begin(), repeated.end());
    for (const auto record : gaps.records) {
        const Bytes bytes = TRY(get_record_kept_twice(store, gap_name(record), ObjectType::gap, &keys));
        gaps.numbers.add_all(TRY(NumberSet::decode(bytes)));
    }
    return gaps;
}

// Whoever writes record K has read those before it, so that the last one holds what they hold.
Result<void> remove_all_but_the_last(store::ObjectStore& store, const Gaps& gaps) {
    std::vector<store::ObjectName> names;
    for (const auto record : std::span(gaps.records).first(gaps.records.empty() ? 0 : gaps.records.size() - 1)) {
        names.push_back(gap_name(record));
        names.push_back(copy_name(gap_name(record)));
    }
    return store.remove_all(names);
}

Result<std::vector<SnapshotNumber>> read_claims(store::ObjectStore& store) {
    std::vector<SnapshotNumber> claims;
    for (const auto& name : TRY(store.names_in("sessions"))) {
        const auto numbered = parse_numbered(name);
        if (numbered && !numbered->is_copy) claims.push_back(numbered->number);
    }
    std::ranges::sort(claims);
    return claims;
}

Result<std::vector<Ledger::Kept>> read_snapshot_names(store::ObjectStore& store) {
    const auto names = TRY(store.names_in("snapshots"));
    std::vector<NumberedName> numbered;
    numbered.reserve(names.size());
    for (const auto& name : names) {
        if (const auto one = parse_numbered(name)) numbered.push_back(*one);
    }
    std::ranges::sort(numbered, {}, &NumberedName::number);
    std::vector<Ledger::Kept> kept;
    for (const auto& one : numbered) {
        if (kept.empty() || kept.back().number != one.number) kept.push_back({.number = one.number});
        (one.is_copy ? kept.back().has_copy : kept.back().has_name) = true;
    }
    return kept;
}

}  // namespace

std::optional<NumberedName> parse_numbered(const store::ObjectName& name) {
    std::string_view text = name.text();
    text.remove_prefix(text.rfind('/') + 1);
    NumberedName numbered;
    if (text.ends_with(".copy")) {
        numbered.is_copy = true;
        text.remove_suffix(std::string_view(".copy").size());
    }
    if (!is_all_digits(text) || text.front() == '0' || text.size() > 15) return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), numbered.number.value);
    return numbered;
}

store::ObjectName claim_name(SnapshotNumber number) {
    return store::ObjectName(format("sessions/{}", number.value).c_str());
}

SnapshotNumber Ledger::highest() const {
    const auto claimed = claims.empty() ? SnapshotNumber{} : claims.back();
    const auto committed = snapshots.empty() ? SnapshotNumber{} : snapshots.back().number;
    return std::max({claimed, committed, gaps.numbers.highest()});
}

std::vector<SnapshotNumber> Ledger::numbers() const {
    std::vector<SnapshotNumber> numbers;
    numbers.reserve(snapshots.size());
    for (const auto& kept : snapshots) {
        if (!gaps.numbers.contains(kept.number)) numbers.push_back(kept.number);
    }
    return numbers;
}

bool Ledger::has_snapshot(SnapshotNumber number) const {
    return std::ranges::binary_search(snapshots, number, {}, &Kept::number);
}

bool Ledger::has_claim(SnapshotNumber number) const { return std::ranges::binary_search(claims, number); }

Result<Ledger> read_ledger(store::ObjectStore& store, const Keys& keys) {
    Ledger ledger;
    ledger.claims = TRY(read_claims(store));
    ledger.snapshots = TRY(read_snapshot_names(store));
    ledger.gaps = TRY(read_gaps(store, keys));
    return ledger;
}

Result<Gaps> read_gaps(store::ObjectStore& store, const Keys& keys) {
    for (int attempt = 1;; ++attempt) {
        auto gaps = read_listed_gaps(store, keys);
        if (gaps || gaps.error().code() != ErrorCode::not_found || attempt == attempts_max) return gaps;
    }
}

Result<void> add_gap(store::ObjectStore& store, const Keys& keys, host::Random& random, const NumberSet& more) {
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
        Gaps gaps = TRY(read_gaps(store, keys));
        NumberSet all = gaps.numbers;
        all.add_all(more);
        if (all == gaps.numbers && (gaps.records.empty() || gaps.is_last_twofold)) return remove_all_but_the_last(store, gaps);
        const auto name = gap_name(gaps.records.empty() ? 1 : gaps.records.back() + 1);
        const Bytes sealed = TRY(seal_envelope({ObjectType::gap, all.encode()}, name, &keys, random));
        auto put = with_reserve(store, random, [&] { return put_twice(store, name, sealed); });
        // Ours may be of the past by now, and half removed.
        if (put) return remove_all_but_the_last(store, TRY(read_gaps(store, keys)));
        if (put.error().code() != ErrorCode::exists) return std::move(put).error().while_doing("drop snapshots");
    }
    return fail(ErrorCode::busy, "drop snapshots: others keep writing gap records");
}

}  // namespace holdfast::repository
