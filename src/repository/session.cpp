#include "holdfast/repository/session.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/envelope.h"
#include "holdfast/repository/session_state.h"
#include "holdfast/repository/snapshot_scan.h"

namespace holdfast::repository {

namespace {

constexpr int claims_max = 100;  // each failure means that somebody else claimed a number

// A number may have been claimed, committed and even dropped between our listing and our claim: snapshots are looked at
// before gaps, since a prune writes the gap before it removes the snapshot.
Result<bool> is_taken(store::ObjectStore& store, SnapshotNumber number) {
    const auto name = snapshot_name(number);
    for (const auto& one : {name, copy_name(name)}) {
        const auto status = store.status(one);
        if (status) return true;
        if (status.error().code() != ErrorCode::not_found) return status.error().copy();
    }
    return false;
}

Error given_up(SnapshotNumber number) {
    return fail(ErrorCode::busy, "commit backup #{}: a prune has given its number up", number.value)
        .with_advice("begin the backup again: what it has stored is found there");
}

std::vector<SnapshotNumber> unfinished_in(const Ledger& ledger) {
    std::vector<SnapshotNumber> unfinished;
    for (const auto claim : ledger.claims) {
        if (!ledger.has_snapshot(claim) && !ledger.gaps.numbers.contains(claim)) unfinished.push_back(claim);
    }
    return unfinished;
}

}  // namespace

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() {
    State& state = *state_;
    if (state.packer) static_cast<void>(state.packer->finish());
    if (!state.is_claimed || state.is_committed) return;
    // Without the void the number would be a hole that nothing explains. Where it cannot be written, the claim stays and
    // explains it, and prune makes it void.
    const auto voided = void_number(state.store(), state.keys(), state.random(), state.number);
    if (voided) static_cast<void>(state.store().remove_fleeting(claim_name(state.number)));
}

SnapshotNumber Session::number() const { return state_->number; }

// --- beginning ---

Result<std::unique_ptr<Session>> Repository::begin(std::string purpose, Trust trust) {
    HOLDFAST_ASSERT(options().pool != nullptr);
    const Presence by = presence(std::move(purpose));
    for (int attempt = 1; attempt <= claims_max; ++attempt) {
        auto seen = take_ledger_seen();
        // What was seen before is as good, when nobody was at work then: whoever came since has taken the number.
        const Ledger ledger = seen && seen->claims.empty() ? *std::move(seen) : TRY(read_ledger(store(), keys()));
        const SnapshotNumber number{ledger.highest().value + 1};
        auto claimed = put_claim(store(), keys(), host().random, number, by);
        if (!claimed && claimed.error().code() == ErrorCode::exists) continue;
        if (!claimed) return std::move(claimed).error().while_doing("begin a backup");
        const bool taken = TRY(is_taken(store(), number));
        Gaps gaps = TRY(read_gaps(store(), keys()));
        if (taken || gaps.numbers.contains(number)) {
            TRY(store().remove_fleeting(claim_name(number)));
            continue;
        }
        auto state = std::make_unique<Session::State>(*this, number);
        state->is_claimed = true;
        state->gaps = std::move(gaps);
        state->unfinished = unfinished_in(ledger);
        state->trust = trust;
        std::unique_ptr<Session> session(new Session(std::move(state)));
        TRY(session->prepare(ledger));
        return session;
    }
    return fail(ErrorCode::busy, "begin a backup: others keep claiming numbers");
}

Result<void> Session::prepare(const Ledger& ledger) {
    State& state = *state_;
    const Repository& repository = state.repository;
    // Only now, after the claim: a list made later belongs to a prune that waits for this session.
    Condemned condemned;
    for (const auto& list : TRY(read_condemned(state.store(), state.keys()))) condemned.add(list);
    TRY(repository.refresh_index());
    const bool proves = state.trust == Repository::Trust::what_proves;
    state.reuse = std::make_unique<Reuse>(
        Reuse::Places{.store = state.store(), .index = repository.index(), .prover = proves ? &repository.chunks() : nullptr},
        std::move(condemned));
    state.packer = std::make_unique<Packer>(Packer::Places{.store = state.store(),
                                                           .keys = state.keys(),
                                                           .random = state.random(),
                                                           .pool = *repository.options().pool,
                                                           .index = repository.index(),
                                                           .reuse = *state.reuse});
    const auto numbers = ledger.numbers();
    for (auto at = numbers.rbegin(); at != numbers.rend() && !state.previous; ++at) {
        const auto snapshot = read_snapshot(state.store(), state.keys(), *at);
        if (snapshot && snapshot->kind != SnapshotKind::voided) state.previous = {*at, snapshot->id};
    }
    finish_for_the_dead(ledger);
    return {};
}

// A commit that ended between a snapshot's two objects: the second is written now.
void Session::finish_for_the_dead(const Ledger& ledger) const {
    const State& state = *state_;
    for (const auto& kept : ledger.snapshots) {
        if ((kept.has_name && kept.has_copy) || !ledger.has_claim(kept.number) || ledger.gaps.numbers.contains(kept.number)) continue;
        if (behind(read_claim(state.store(), state.keys(), kept.number)) != Behind::nobody) continue;
        const auto completed = complete_twins(state.store(), state.keys(), kept.number);
        if (completed) static_cast<void>(state.store().remove_fleeting(claim_name(kept.number)));
    }
}

Result<void> Session::lean_on(SnapshotNumber number) {
    State& state = *state_;
    auto snapshot = state.gaps.numbers.contains(number) ? Result<Snapshot>(fail(ErrorCode::not_found, "dropped"))
                                                        : read_snapshot(state.store(), state.keys(), number);
    if (snapshot && snapshot->kind == SnapshotKind::voided) snapshot = fail(ErrorCode::not_found, "void");
    if (!snapshot && snapshot.error().code() == ErrorCode::not_found) {
        return fail(ErrorCode::not_found, "lean on backup #{}: it has been pruned", number.value);
    }
    if (!snapshot) return std::move(snapshot).error();
    for (const auto* entries : {&snapshot->members, &snapshot->companions}) {
        for (const auto& entry : *entries) {
            if (entry.content.root) state.roots.insert(*entry.content.root);
        }
    }
    return {};
}

// --- committing ---

Result<Snapshot> Session::commit(Snapshot draft) {
    State& state = *state_;
    HOLDFAST_ASSERT(!state.is_committed);
    for (const auto* entries : {&draft.members, &draft.companions}) {
        for (const auto& entry : *entries) {
            if (!entry.content.root || state.roots.contains(*entry.content.root)) continue;
            return fail(ErrorCode::invalid, "commit: the content of {} was neither kept nor taken over", printable(entry.name));
        }
    }
    TRY(state.packer->finish());
    state.bytes_beside_packs += TRY(state.repository.flush_index());
    if (auto there = state.reuse->check_relied_on(); !there) {
        // What a prune has removed after giving our number up, it has removed rightly.
        const bool was_given_up = TRY(is_taken(state.store(), state.number));
        return was_given_up ? given_up(state.number) : std::move(there).error();
    }
    draft.number = state.number;
    draft.previous = state.previous;
    draft.unfinished = state.unfinished;
    if (draft.audit_head.empty()) draft.audit_head = state.repository.options().audit_head;
    draft.statistics.bytes_stored = bytes_stored();

    const auto name = snapshot_name(state.number);
    const auto seal = [&](const Bytes& record) {
        return seal_envelope({ObjectType::snapshot, record}, name, &state.keys(), state.random());
    };
    // The snapshot counts itself and its copy: sealed once to know how much that is (to a byte or two).
    draft.statistics.bytes_stored += 2 * TRY(seal(TRY(encode_snapshot(draft)))).size();
    const Bytes record = TRY(encode_snapshot(draft));
    const Bytes sealed = TRY(seal(record));
    TRY(put_name(name, sealed));
    state.is_committed = true;
    state.bytes_beside_packs += 2 * sealed.size();
    const auto copied = complete_twins(state.store(), state.keys(), state.number);
    if (!copied) {
        state.repository.host().log.warning("backup #{} is kept only once so far: {}", state.number.value, copied.error().text());
    }
    static_cast<void>(state.store().remove_fleeting(claim_name(state.number)));
    return decode_snapshot(record, state.keys());
}

// The commit: whoever creates the name first has decided what the number is.
Result<void> Session::put_name(const store::ObjectName& name, ByteView sealed) {
    State& state = *state_;
    const auto voided = [&] { return given_up(state.number); };
    // A claim that somebody has removed by hand: then no prune has waited for us.
    const auto claim = state.store().status(claim_name(state.number));
    if (!claim && claim.error().code() == ErrorCode::not_found) return voided();
    auto put = state.store().put_if_absent(name, sealed);
    if (!put && put.error().code() == ErrorCode::exists) {
        // Perhaps by ourselves: an attempt whose answer was lost, and which was repeated.
        const auto there = state.store().get(name, sealed.size());
        if (!there || !std::ranges::equal(*there, sealed)) return voided();
    } else if (!put) {
        return std::move(put).error().while_doing(format("commit backup #{}", state.number.value));
    }
    // A void may have been there and gone again: two prunes while we slept, the second of which dropped it into a gap.
    const Gaps now = TRY(read_gaps(state.store(), state.keys()));
    if (now.records != state.gaps.records && now.numbers.contains(state.number)) return voided();
    return {};
}

std::uint64_t Session::bytes_stored() const {
    return state_->bytes_beside_packs + (state_->packer ? state_->packer->bytes_put() : 0);
}

}  // namespace holdfast::repository
